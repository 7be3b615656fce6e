//! Where a sealed text belongs, written as additional data: whatever is moved elsewhere does not open there.

use domain::{Environment, TenantId};

/// The place of one credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Whose it is.
    pub tenant: TenantId,
    /// The provider's name.
    pub service: &'a str,
    /// Which of the provider's environments.
    pub environment: Environment,
    /// The field's name in the provider's descriptor.
    pub field: &'a str,
}

impl Binding<'_> {
    /// Returns the additional data of a credential at this place, in an envelope with this header.
    pub(crate) fn additional_data(&self, header: &[u8]) -> Vec<u8> {
        additional_data(
            b"unf/credential",
            &[
                header,
                &self.tenant.as_u128().to_be_bytes(),
                self.service.as_bytes(),
                self.environment.as_str().as_bytes(),
                self.field.as_bytes(),
            ],
        )
    }
}

/// Returns the additional data of a tenant's data key.
pub(crate) fn data_key_additional_data(tenant: TenantId, header: &[u8]) -> Vec<u8> {
    additional_data(b"unf/data-key", &[header, &tenant.as_u128().to_be_bytes()])
}

/// Returns the additional data of a secret of the instance.
pub(crate) fn instance_additional_data(name: &str, header: &[u8]) -> Vec<u8> {
    additional_data(b"unf/instance", &[header, name.as_bytes()])
}

/// Writes the purpose and the parts, each after its length, so that no two lists of parts give the same bytes.
fn additional_data(purpose: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(160);
    write_part(&mut out, purpose);
    for part in parts {
        write_part(&mut out, part);
    }
    out
}

fn write_part(out: &mut Vec<u8>, part: &[u8]) {
    out.extend_from_slice(&length_prefix(part));
    out.extend_from_slice(part);
}

/// Returns the part's length in eight bytes, most significant first.
pub(crate) fn length_prefix(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes()
}
