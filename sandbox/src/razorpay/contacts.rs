//! RazorpayX contacts: whom payouts go to. A second one with the same content is the first.

use serde_json::{Map, Value, json};

use crate::{
    desk::{Change, Desk},
    routes::Route,
};

use super::{
    Call, Handler, Merchant,
    fields::{self, Fields},
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] =
    &[Route { method: "POST", path: "/v1/contacts", operation: "contacts.create", handler: create }];

/// What create takes.
const FIELDS: [&str; 6] = ["name", "email", "contact", "type", "reference_id", "notes"];

/// A contact, with what it is recognised by.
#[derive(Debug)]
pub(super) struct Contact {
    pub(super) id: String,
    content: Content,
    created_at: i64,
}

/// What two contacts are the same by.
#[derive(Clone, Debug)]
pub(super) struct Content {
    name: String,
    email: Option<String>,
    contact: Option<String>,
    kind: Option<String>,
    reference: Option<String>,
    notes: Value,
}

impl Content {
    /// Reads a contact; `prefix` stands in front of its fields' names.
    ///
    /// # Errors
    ///
    /// Refuses a contact without a name, and fields that are too long or unknown.
    pub(super) fn read(map: &Map<String, Value>, prefix: &'static str) -> Result<Self, Refusal> {
        let fields = Fields::of(map, prefix, &FIELDS)?;
        let text = |name, longest| fields.text(name, longest).map(|text| text.map(str::to_owned));
        fields.required_text("name")?;
        Ok(Self {
            name: text("name", 120)?.unwrap_or_default(),
            email: text("email", 255)?,
            contact: text("contact", 16)?,
            kind: text("type", 40)?,
            reference: text("reference_id", 40)?,
            notes: fields.notes()?,
        })
    }

    fn key(&self) -> String {
        json!([self.name, self.email, self.contact, self.kind, self.reference, self.notes]).to_string()
    }
}

impl Contact {
    /// Returns the contact as RazorpayX writes it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "contact",
            "name": self.content.name,
            "contact": self.content.contact,
            "email": self.content.email,
            "type": self.content.kind,
            "reference_id": self.content.reference,
            "batch_id": null,
            "active": true,
            "notes": self.content.notes,
            "created_at": self.created_at,
        })
    }
}

/// Returns the id of the contact with this content, which is made where there is none.
pub(super) fn find_or_make(desk: &mut Desk, merchant: &mut Merchant, content: &Content) -> String {
    let key = content.key();
    if let Some(id) = merchant.contact_contents.get(&key) {
        return id.clone();
    }
    let contact = Contact {
        id: format!("cont_{}", desk.random.base62(14)),
        content: content.clone(),
        created_at: desk.now(),
    };
    let id = contact.id.clone();
    desk.report(Change {
        operation: "contacts.create",
        merchant: &merchant.key_id,
        id: &id,
        amount: Value::Null,
        currency: None,
        reference: content.reference.as_deref(),
    });
    merchant.contact_contents.insert(&key, id.clone());
    merchant.contacts.insert(&id, contact);
    id
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let content = Content::read(&fields::object(&call.incoming.body)?, "")?;
    let id = find_or_make(call.desk, call.merchant, &content);
    call.merchant.contacts.get(&id).map(Contact::to_json).ok_or_else(Refusal::unknown_id)
}
