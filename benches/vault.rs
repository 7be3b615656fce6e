//! The vault: data keys, credentials, and the hashes of platform keys.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use domain::{Environment, KeyId, TenantId};
use vault::{Binding, Keyring, OsEntropy, Pepper, PlatformKey, Vault};

const SECRET: &str = "thisisasupersecret012345";

/// Measures the vault, with the randomness of the program.
pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("vault");
    let vault = Vault::new(Keyring::generate(&OsEntropy), Arc::new(OsEntropy));
    let tenant = TenantId::from_u128(1);
    let wrapped = vault.new_data_key(tenant).unwrap();
    group.bench_function("make a data key", |bencher| bencher.iter(|| vault.new_data_key(tenant).unwrap()));
    group.bench_function("open a data key", |bencher| {
        bencher.iter(|| vault.open_data_key(tenant, black_box(&wrapped)).unwrap());
    });
    let data_key = vault.open_data_key(tenant, &wrapped).unwrap();
    let binding =
        Binding { tenant, service: "razorpay", environment: Environment::Test, field: "key_secret" };
    let sealed = data_key.seal(&binding, SECRET, &OsEntropy).unwrap();
    group.bench_function("seal a credential", |bencher| {
        bencher.iter(|| data_key.seal(&binding, black_box(SECRET), &OsEntropy).unwrap());
    });
    group.bench_function("open a credential", |bencher| {
        bencher.iter(|| data_key.open(&binding, black_box(&sealed)).unwrap());
    });
    let pepper = Pepper::from_bytes(&*Pepper::generate_bytes(&OsEntropy)).unwrap();
    let key = PlatformKey::generate(Environment::Test, KeyId::from_u128(7), &OsEntropy);
    group.bench_function("hash a platform key", |bencher| {
        bencher.iter(|| pepper.hash_key(black_box(&key.present())));
    });
    group.finish();
}
