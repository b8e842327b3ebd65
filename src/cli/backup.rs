//! `riposte backup` and `riposte restore`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::print;
use super::progress::{draw_moving, progress_bar};
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

pub(super) async fn run_backup(config: &Config, args: BackupArgs) -> anyhow::Result<()> {
    let bar = progress_bar();
    let backup = tokio::select! {
        backup = back_up(config, &args.to, args.with_key, SystemClock.now(), draw_moving(&bar)) => backup?,
        _ = tokio::signal::ctrl_c() => bail!("interrupted; the next backup of this name begins again"),
    };
    bar.finish_and_clear();
    print(&format!("{} files, {:.1} MB, in {}", backup.files.len(), backup.bytes() as f64 / 1e6, args.to.display()));
    if !args.with_key {
        print("the key is not in it: keep a copy of it elsewhere (docs/operations.md)");
    }
    Ok(())
}

pub(super) async fn run_restore(config: &Config, args: RestoreArgs) -> anyhow::Result<()> {
    let bar = progress_bar();
    let backup = tokio::select! {
        backup = restore(&args.from, config, draw_moving(&bar)) => backup?,
        _ = tokio::signal::ctrl_c() => bail!("interrupted; the same command goes on where it stopped"),
    };
    bar.finish_and_clear();
    print(&format!("{} files of {} put into {}", backup.files.len(), backup.taken_at, config.data_dir.display()));
    if !backup.has_key() && config.master_key.is_none() {
        print(&format!("put the key into {} before you start", config.data_dir.join("master.key").display()));
    }
    if config.store_url.is_some() {
        print("the database is in PostgreSQL now, read back and compared");
    }
    if backup.files.iter().any(|file| file.path == "riposte.toml") {
        print("riposte.toml came with it: see that store.url and index.url in it name what is meant here, before you start");
    }
    print("the index is filled from the database at the first start; suggestions come as it fills");
    Ok(())
}
