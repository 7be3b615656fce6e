//! Names of fields whose values are not for everyone.

/// How a field's value is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mask {
    /// Wholly.
    Whole,
    /// But for its last four characters.
    Tail,
    /// But for its length.
    Length,
}

/// Names are compared by this many of their last letters and digits.
const COMPARED: usize = 40;

/// How secret names end: `client_secret`, `webhookSecret`, `x-api-key`.
const ENDINGS: [&[u8]; 19] = [
    b"secret",
    b"token",
    b"password",
    b"passwd",
    b"pwd",
    b"passphrase",
    b"apikey",
    b"secretkey",
    b"privatekey",
    b"accesskey",
    b"platformkey",
    b"signingkey",
    b"encryptionkey",
    b"masterkey",
    b"datakey",
    b"authkey",
    b"accountnumber",
    b"cardnumber",
    b"authorization",
];
/// How secret names begin: `password_confirmation`, `secretValue`.
const BEGINNINGS: [&[u8]; 3] = [b"secret", b"password", b"passwd"];

/// Returns how the value of a field of this name is masked in a payload.
pub(super) fn mask_of(name: &[u8]) -> Option<Mask> {
    let mut buffer = [0_u8; COMPARED];
    let name = normalise(name, &mut buffer);
    match name {
        b"key" | b"number" | b"card" | b"pan" | b"cvc" | b"cvv" | b"cvc2" | b"cvv2" | b"cvn"
        | b"securitycode" | b"pin" | b"mpin" | b"upipin" | b"otp" | b"iban" | b"cookie" | b"setcookie"
        | b"credential" | b"credentials" | b"jwt" | b"envtext" => Some(Mask::Whole),
        b"phone" | b"phonenumber" | b"mobile" | b"contact" | b"to" => Some(Mask::Tail),
        b"message" | b"say" => Some(Mask::Length),
        _ => is_secret(name).then_some(Mask::Whole),
    }
}

/// Returns whether a name says in running text that its value is secret. Narrower than in a payload: `key=…` and
/// `number=…` are everyday words there.
pub(super) fn is_secret_in_text(name: &[u8]) -> bool {
    let mut buffer = [0_u8; COMPARED];
    match normalise(name, &mut buffer) {
        b"key" | b"number" | b"card" | b"phone" | b"phonenumber" | b"mobile" | b"contact" | b"to"
        | b"message" | b"say" => false,
        b"pan" | b"cvc" | b"cvv" | b"cvc2" | b"cvv2" | b"cvn" | b"securitycode" | b"pin" | b"mpin"
        | b"upipin" | b"otp" | b"iban" | b"cookie" | b"setcookie" | b"credential" | b"credentials"
        | b"jwt" | b"envtext" => true,
        name => is_secret(name),
    }
}

fn is_secret(name: &[u8]) -> bool {
    let singular = name.strip_suffix(b"s").unwrap_or(name);
    ENDINGS.iter().any(|ending| singular.ends_with(ending))
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// Writes the last letters and digits of a name, in lower case, to the end of `buffer` and returns them.
fn normalise<'b>(name: &[u8], buffer: &'b mut [u8; COMPARED]) -> &'b [u8] {
    let letters = name.iter().rev().filter(|byte| byte.is_ascii_alphanumeric());
    let mut rest = COMPARED;
    for (slot, letter) in buffer.iter_mut().rev().zip(letters) {
        *slot = letter.to_ascii_lowercase();
        rest -= 1;
    }
    buffer.get(rest..).unwrap_or_default()
}
