//! `riposte backup` and `riposte restore`.

use std::path::PathBuf;

use clap::Args;

use super::print;
use crate::app::backup::{back_up, restore};
use crate::config::Config;
use crate::domain::{Clock as _, SystemClock};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Folder to make for the backup; must not exist
    to: PathBuf,
    /// Copy the key, too: whoever has such a backup can read every text
    #[arg(long)]
    with_key: bool,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// Folder of the backup
    from: PathBuf,
}

/// A server's database is not this command's to copy.
fn embedded(config: &Config) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.store_url.is_none(),
        "the store is in PostgreSQL (store.url): copy it with pg_dump, and put it back with pg_restore (docs/operations.md)"
    );
    Ok(())
}

pub(super) async fn run_backup(config: &Config, args: BackupArgs) -> anyhow::Result<()> {
    embedded(config)?;
    let backup = back_up(&config.data_dir, &args.to, args.with_key, SystemClock.now()).await?;
    print(&format!("{} files, {:.1} MB, in {}", backup.files.len(), backup.bytes() as f64 / 1e6, args.to.display()));
    if !args.with_key {
        print("the key is not in it: keep a copy of it elsewhere (docs/operations.md)");
    }
    Ok(())
}

pub(super) async fn run_restore(config: &Config, args: RestoreArgs) -> anyhow::Result<()> {
    embedded(config)?;
    let backup = restore(&args.from, &config.data_dir).await?;
    print(&format!("{} files of {} put into {}", backup.files.len(), backup.taken_at, config.data_dir.display()));
    if !backup.has_key() && config.master_key.is_none() {
        print(&format!("put the key into {} before you start", config.data_dir.join("master.key").display()));
    }
    print("the index is filled from the database at the first start; suggestions come as it fills");
    Ok(())
}
