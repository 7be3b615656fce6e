//! What a store of the instance's secrets promises.

use domain::ports::InstanceSecrets;

use super::samples;

/// Runs the suite.
pub async fn passes(secrets: &dyn InstanceSecrets) {
    the_first_secret_of_a_name_stays(secrets).await;
    two_callers_at_once_get_the_same(secrets).await;
}

async fn the_first_secret_of_a_name_stays(secrets: &dyn InstanceSecrets) {
    let name = unused_name();
    let first: Box<[u8]> = Box::new([1, 0, 255]);
    assert_eq!(secrets.get_or_insert(&name, first.clone()).await.unwrap(), first);
    assert_eq!(secrets.get_or_insert(&name, Box::new([2])).await.unwrap(), first);
    let second: Box<[u8]> = Box::new([3]);
    assert_eq!(secrets.get_or_insert(&unused_name(), second.clone()).await.unwrap(), second);
}

async fn two_callers_at_once_get_the_same(secrets: &dyn InstanceSecrets) {
    let name = unused_name();
    let (one, other) = tokio::join!(
        secrets.get_or_insert(&name, Box::new([1])),
        secrets.get_or_insert(&name, Box::new([2]))
    );
    assert_eq!(one.unwrap(), other.unwrap());
}

fn unused_name() -> String {
    format!("pepper of {}", samples::id::<domain::kind::Tenant>())
}
