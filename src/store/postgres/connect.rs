//! Reaching the server, and saying in one line what to do when that fails.

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use uuid::Uuid;

use crate::store::{Result, StoreError};

/// Oldest version that is tested, as `server_version_num` has it.
const OLDEST_VERSION: i32 = 150_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Settings of every session. A machine that vanishes must not hold a lock for the hours that TCP takes to notice it.
const SESSION: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("idle_in_transaction_session_timeout", "300s"),
];

/// A database on a server. Displayed without its password.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) options: PgConnectOptions,
    /// What the server shows as the name of our sessions; no other process has it.
    pub(super) session_name: String,
    place: String,
    database: String,
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} on {}", self.database, self.place)
    }
}

impl Server {
    /// Reads an address.
    pub(super) fn named(url: &SecretString) -> Result<Self> {
        let url = url.expose_secret();
        let malformed = |why: &str| {
            // What was written may hold a password: it is not repeated.
            StoreError::Server(format!("setting `store.url` {why}; write it as postgres://USER:PASSWORD@HOST:5432/DATABASE"))
        };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(malformed("is no address of a PostgreSQL database"));
        }
        let options = PgConnectOptions::from_str(url).map_err(|_quotes_the_address| malformed("can't be read"))?;
        let session_name = format!("riposte {}", &Uuid::new_v4().simple().to_string()[..12]);
        let place = options
            .get_socket()
            .map_or_else(|| format!("{}:{}", options.get_host(), options.get_port()), |socket| socket.display().to_string());
        let database = options.get_database().unwrap_or_else(|| options.get_username()).to_owned();
        let options = options.application_name(&session_name).options(SESSION);
        Ok(Self { options, session_name, place, database })
    }

    /// The same for one whose tables are read or written whole: statements take long, and nothing is wrong with that.
    pub(super) fn unlogged(mut self) -> Self {
        self.options = self.options.disable_statement_logging();
        self
    }

    /// Opens a session and looks whether the server can be used.
    pub(super) async fn connect(&self) -> Result<PgConnection> {
        let mut connection = match tokio::time::timeout(CONNECT_TIMEOUT, self.options.connect()).await {
            Ok(connected) => connected.map_err(|error| self.explain(error.into()))?,
            Err(_elapsed) => return Err(StoreError::Server(format!("PostgreSQL at {} does not answer", self.place))),
        };
        let (version, encoding): (i32, String) =
            sqlx::query_as("select cast(current_setting('server_version_num') as integer), current_setting('server_encoding')")
                .fetch_one(&mut connection)
                .await?;
        if version < OLDEST_VERSION {
            let (found, needed) = (version / 10_000, OLDEST_VERSION / 10_000);
            return Err(StoreError::Server(format!("PostgreSQL at {} is version {found}, {needed} or newer is needed", self.place)));
        }
        if encoding != "UTF8" {
            return Err(StoreError::Server(format!(
                "database {self} has the encoding {encoding}; make one with UTF8: createdb --encoding UTF8 --template template0 NAME"
            )));
        }
        Ok(connection)
    }

    /// Turns what the server says at the start into what to do about it.
    pub(super) fn explain(&self, error: StoreError) -> StoreError {
        let user = self.options.get_username();
        let (place, database) = (&self.place, &self.database);
        let (StoreError::Sql(cause) | StoreError::Migrate(MigrateError::ExecuteMigration(cause, _) | MigrateError::Execute(cause))) =
            &error
        else {
            return error;
        };
        StoreError::Server(match cause {
            sqlx::Error::Io(cause) => {
                format!("PostgreSQL at {place} can't be reached ({cause}): is it running, and are host and port in store.url right?")
            }
            sqlx::Error::Tls(cause) => format!(
                "no encrypted connection to PostgreSQL at {place} ({cause}): name the server's authority with ?sslrootcert=FILE in store.url"
            ),
            sqlx::Error::Database(cause) => match cause.code().as_deref() {
                Some("28P01" | "28000") => format!(
                    "PostgreSQL at {place} refuses user {user}: check name and password in store.url (or store.url_file), and its pg_hba.conf"
                ),
                Some("3D000") => {
                    format!("PostgreSQL at {place} has no database {database}: make it with createdb --owner {user} {database}")
                }
                Some("42501") => format!(
                    "user {user} may not make tables in database {database}: grant it with \"grant create on schema public to {user}\", \
                     or make {user} the database's owner ({cause})"
                ),
                Some("53300") => format!("PostgreSQL at {place} has no free connection; riposte takes up to 14: raise max_connections"),
                _ => return error,
            },
            _ => return error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(url: &str) -> Result<Server> {
        Server::named(&SecretString::from(url.to_owned()))
    }

    #[test]
    fn a_server_is_named_without_its_password() {
        let server = named("postgres://riposte:s3cret@db.example:6543/answers").unwrap();
        assert_eq!(server.to_string(), "answers on db.example:6543");
        let server = named("postgres:///answers?host=/run/postgresql&user=riposte").unwrap();
        assert_eq!(server.to_string(), "answers on /run/postgresql");
    }

    #[test]
    fn what_is_no_address_is_told_without_repeating_it() {
        for url in ["mysql://root:s3cret@localhost/x", "postgres://u:s3cret@host:port/x", "s3cret"] {
            let error = named(url).unwrap_err().to_string();
            assert!(error.contains("store.url") && !error.contains("s3cret"), "{error}");
        }
    }
}
