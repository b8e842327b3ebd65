//! `riposte migrate-store`.

use anyhow::bail;
use clap::Args;

use super::print;
use super::progress::{draw_moving, progress_bar};
use crate::app::migration::migrate;
use crate::config::Config;

#[derive(Debug, Args)]
pub(super) struct MigrateStoreArgs {
    /// Throw away what an interrupted move has written, and begin again
    #[arg(long)]
    afresh: bool,
}

pub(super) async fn run(config: &Config, args: MigrateStoreArgs) -> anyhow::Result<()> {
    let bar = progress_bar();
    let migrated = tokio::select! {
        migrated = migrate(config, args.afresh, draw_moving(&bar)) => migrated?,
        _ = tokio::signal::ctrl_c() => bail!("interrupted; the same command goes on where it stopped"),
    };
    bar.finish_and_clear();
    if let Some(moved) = &migrated.store {
        for (table, rows) in moved.tables.iter().filter(|(_, rows)| *rows > 0) {
            print(&format!("{rows:>12}  {table}"));
        }
        print(&format!("{:>12}  rows moved, read back and compared", moved.rows()));
    } else if config.store_url.is_some() {
        print("the database in store.url holds this installation already and was left as it is");
    }
    if let Some(points) = migrated.points {
        print(&format!("{points:>12}  points of the index copied, read back and compared"));
    } else if config.index_server.is_some() {
        print("no index was copied: the one on the server is up to date, or is filled from the store at the next start");
    }
    print("the next start uses what the settings name, with the key and the other files of the data folder as before");
    print(&format!("what lies in {} is unchanged: delete riposte.db and index/ when you are content", config.data_dir.display()));
    Ok(())
}
