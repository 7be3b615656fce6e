//! What these tests share: databases with the schema, and sessions as a node has them.

use store_postgres::{MigrateOptions, migrate};
use testkit::servers::Postgres;
use tokio_postgres::{Client, NoTls};

/// The role that a node signs in as.
pub(crate) const NODE: &str = "gateway_node";

/// Makes a database with the present schema.
pub(crate) async fn ready_database() -> String {
    let postgres = Postgres::shared();
    let database = postgres.create_database();
    let options = MigrateOptions { login: Some(NODE.into()), ..MigrateOptions::default() };
    migrate(&postgres.url("postgres", &database), options).await.unwrap();
    database
}

/// Opens a session of this login role.
pub(crate) async fn sign_in(login: &str, database: &str) -> Client {
    sign_in_at(&Postgres::shared().url(login, database)).await
}

/// Opens a session at this address.
pub(crate) async fn sign_in_at(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(connection);
    client
}

/// Opens a session of a node that does one kind of work.
pub(crate) async fn sign_in_as(role: &str, database: &str) -> Client {
    let client = sign_in(NODE, database).await;
    client.batch_execute(&format!("SET ROLE {role}")).await.unwrap();
    client
}
