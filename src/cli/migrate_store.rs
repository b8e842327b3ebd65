//! `riposte migrate-store`.

use anyhow::bail;
use clap::Args;

use super::print;
use super::progress::{draw, progress_bar};
use crate::app::migration::{Moving, move_store};
use crate::config::Config;

#[derive(Debug, Args)]
pub(super) struct MigrateStoreArgs {
    /// Throw away what an interrupted move has written, and begin again
    #[arg(long)]
    afresh: bool,
}

pub(super) async fn run(config: &Config, args: MigrateStoreArgs) -> anyhow::Result<()> {
    let bar = progress_bar();
    let seen = |moving: Moving<'_>| draw(&bar, &format!("{} {}", moving.step, moving.table), moving.done, Some(moving.of));
    let moved = tokio::select! {
        moved = move_store(config, args.afresh, seen) => moved?,
        _ = tokio::signal::ctrl_c() => bail!("interrupted; the same command goes on where it stopped"),
    };
    bar.finish_and_clear();
    for (table, rows) in moved.tables.iter().filter(|(_, rows)| *rows > 0) {
        print(&format!("{rows:>12}  {table}"));
    }
    print(&format!("{:>12}  rows moved, read back and compared", moved.rows()));
    print("the next start uses PostgreSQL, with the key, the index and the other files of the data folder as before");
    print(&format!("{} is unchanged: delete it when you are content", config.data_dir.join("riposte.db").display()));
    Ok(())
}
