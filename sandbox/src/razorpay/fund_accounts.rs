//! RazorpayX fund accounts: a contact's bank account or UPI address. A second one with the same content is the first.

use serde_json::{Map, Value, json};

use crate::{
    credentials,
    desk::{Change, Desk},
    routes::Route,
};

use super::{
    Call, Handler, Merchant,
    contacts::{self, Content},
    fields::{self, Fields},
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/fund_accounts", operation: "fund_accounts.create", handler: create },
    Route { method: "GET", path: "/v1/fund_accounts/{id}", operation: "fund_accounts.get", handler: get },
];

/// Names of some banks by the first four letters of their branches' codes.
const BANKS: [(&str, &str); 6] = [
    ("HDFC", "HDFC Bank"),
    ("ICIC", "ICICI Bank"),
    ("SBIN", "State Bank of India"),
    ("UTIB", "Axis Bank"),
    ("KKBK", "Kotak Mahindra Bank"),
    ("YESB", "Yes Bank"),
];

/// A fund account.
#[derive(Debug)]
pub(super) struct FundAccount {
    id: String,
    contact_id: String,
    pub(super) destination: Destination,
    created_at: i64,
}

/// Where the money goes.
#[derive(Clone, Debug)]
pub(super) enum Destination {
    BankAccount { name: String, ifsc: String, number: String },
    Vpa { address: String },
}

/// A fund account that comes whole with a payout.
#[derive(Debug)]
pub(super) struct Composite {
    destination: Destination,
    contact: Content,
}

impl Destination {
    /// Reads `account_type` and the member that goes with it.
    fn read(fields: &Fields<'_>, prefixes: [&'static str; 2]) -> Result<Self, Refusal> {
        let [bank, vpa] = prefixes;
        if fields.required_choice("account_type", &["bank_account", "vpa"])? == "vpa" {
            let map = fields.required_object("vpa")?;
            let vpa = Fields::of(map, vpa, &["address"])?;
            let address = vpa.required_text("address")?;
            let is_address = address
                .split_once('@')
                .is_some_and(|(user, handle)| !user.is_empty() && credentials::is_alphanumeric(handle));
            if !is_address {
                return Err(vpa.wrong("address", "is not a valid VPA."));
            }
            return Ok(Self::Vpa { address: address.to_owned() });
        }
        let map = fields.required_object("bank_account")?;
        let bank = Fields::of(map, bank, &["name", "ifsc", "account_number"])?;
        bank.text("name", 120)?;
        let (ifsc, number) = (bank.required_text("ifsc")?, bank.required_text("account_number")?);
        if !is_ifsc(ifsc) {
            return Err(bank.wrong("ifsc", "is not a valid IFSC."));
        }
        if !(5..=35).contains(&number.len()) || !credentials::is_alphanumeric(number) {
            return Err(bank.wrong("account_number", "must be 5 to 35 letters and digits."));
        }
        let (ifsc, number) = (ifsc.to_owned(), number.to_owned());
        Ok(Self::BankAccount { name: bank.required_text("name")?.to_owned(), ifsc, number })
    }

    /// Returns RazorpayX's word for its kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::BankAccount { .. } => "bank_account",
            Self::Vpa { .. } => "vpa",
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::BankAccount { name, ifsc, number } => {
                let bank = BANKS.iter().find(|(code, _)| ifsc.starts_with(code)).map(|(_, bank)| bank);
                json!({"ifsc": ifsc, "bank_name": bank, "name": name, "notes": [], "account_number": number})
            }
            Self::Vpa { address } => {
                let (user, handle) = address.split_once('@').unwrap_or_default();
                json!({"username": user, "handle": handle, "address": address})
            }
        }
    }
}

impl Composite {
    /// Reads the `fund_account` of a payout.
    ///
    /// # Errors
    ///
    /// Refuses what a fund account or a contact would be refused for.
    pub(super) fn read(map: &Map<String, Value>) -> Result<Self, Refusal> {
        let allowed = ["account_type", "bank_account", "vpa", "contact"];
        let fields = Fields::of(map, "fund_account.", &allowed)?;
        let destination = Destination::read(&fields, ["fund_account.bank_account.", "fund_account.vpa."])?;
        let contact = Content::read(fields.required_object("contact")?, "fund_account.contact.")?;
        Ok(Self { destination, contact })
    }

    /// Returns where the money goes.
    pub(super) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Returns the id of the fund account, which is made with its contact where there is none.
    pub(super) fn find_or_make(&self, desk: &mut Desk, merchant: &mut Merchant) -> String {
        let contact_id = contacts::find_or_make(desk, merchant, &self.contact);
        find_or_make(desk, merchant, &contact_id, &self.destination)
    }
}

impl FundAccount {
    /// Returns the fund account as RazorpayX writes it.
    pub(super) fn to_json(&self) -> Value {
        let mut object = json!({
            "id": self.id,
            "entity": "fund_account",
            "contact_id": self.contact_id,
            "account_type": self.destination.kind(),
            "batch_id": null,
            "active": true,
            "created_at": self.created_at,
        });
        if let Some(members) = object.as_object_mut() {
            members.insert(self.destination.kind().to_owned(), self.destination.to_json());
        }
        object
    }

    /// Returns the fund account with its contact, as a payout that came with it shows it.
    pub(super) fn to_json_with_contact(&self, merchant: &Merchant) -> Value {
        let mut object = self.to_json();
        let contact = merchant.contacts.get(&self.contact_id).map(contacts::Contact::to_json);
        if let Some(members) = object.as_object_mut() {
            members.insert("contact".to_owned(), contact.unwrap_or_default());
        }
        object
    }
}

fn find_or_make(
    desk: &mut Desk,
    merchant: &mut Merchant,
    contact_id: &str,
    destination: &Destination,
) -> String {
    let key = json!([contact_id, destination.to_json()]).to_string();
    if let Some(id) = merchant.fund_account_contents.get(&key) {
        return id.clone();
    }
    let account = FundAccount {
        id: format!("fa_{}", desk.random.base62(14)),
        contact_id: contact_id.to_owned(),
        destination: destination.clone(),
        created_at: desk.now(),
    };
    let id = account.id.clone();
    desk.report(Change {
        operation: "fund_accounts.create",
        merchant: &merchant.key_id,
        id: &id,
        amount: Value::Null,
        currency: None,
        reference: Some(contact_id),
    });
    merchant.fund_account_contents.insert(&key, id.clone());
    merchant.fund_accounts.insert(&id, account);
    id
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    fields::check_id(call.id, "fa_")?;
    call.merchant.fund_accounts.get(call.id).map(FundAccount::to_json).ok_or_else(Refusal::unknown_id)
}

/// A branch's code: four letters of the bank, a zero, six letters and digits of the branch.
fn is_ifsc(text: &str) -> bool {
    text.len() == 11
        && credentials::is_alphanumeric(text)
        && text.bytes().take(4).all(|byte| byte.is_ascii_uppercase())
        && text.as_bytes().get(4) == Some(&b'0')
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let body = fields::object(&call.incoming.body)?;
    let fields = Fields::of(&body, "", &["contact_id", "account_type", "bank_account", "vpa"])?;
    let contact_id = fields.required_text("contact_id")?;
    let destination = Destination::read(&fields, ["bank_account.", "vpa."])?;
    fields::check_id(contact_id, "cont_")?;
    if call.merchant.contacts.get(contact_id).is_none() {
        return Err(Refusal::unknown_id());
    }
    let id = find_or_make(call.desk, call.merchant, contact_id, &destination);
    call.merchant.fund_accounts.get(&id).map(FundAccount::to_json).ok_or_else(Refusal::unknown_id)
}
