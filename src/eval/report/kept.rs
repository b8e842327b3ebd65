//! Reports kept in the data folder, one file a run, so that runs can be compared later and drawn by the console.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::EvalReport;
use crate::domain::Timestamp;
use crate::rt;

const FOLDER: &str = "evaluations";

/// A report with its name and time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeptReport {
    /// What identifies the run.
    pub id: String,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What it found.
    #[serde(flatten)]
    pub report: EvalReport,
}

/// The folder of kept reports.
#[derive(Debug, Clone)]
pub struct KeptReports {
    folder: PathBuf,
}

impl KeptReports {
    /// Those of the installation in `data_dir`. Nothing is created before the first report is kept.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self { folder: data_dir.join(FOLDER) }
    }

    /// Keeps a report and tells where. It appears whole or not at all.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn keep(&self, report: EvalReport, at: Timestamp) -> io::Result<PathBuf> {
        fs_err::create_dir_all(&self.folder)?;
        let id = format!("{}-{}", at.as_micros(), report.task);
        let file = self.folder.join(format!("{id}.json"));
        let draft = self.folder.join(format!("{id}.draft"));
        fs_err::write(&draft, serde_json::to_string_pretty(&KeptReport { id, at, report })? + "\n")?;
        fs_err::rename(&draft, &file)?;
        Ok(file)
    }

    /// Every kept report, newest first. Files that are none are passed over and named in the log.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub async fn list(&self) -> io::Result<Vec<KeptReport>> {
        let folder = self.folder.clone();
        rt::cpu(move || read(&folder)).await.map_err(io::Error::other)?
    }
}

fn read(folder: &Path) -> io::Result<Vec<KeptReport>> {
    let files = match fs_err::read_dir(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut reports: Vec<KeptReport> = Vec::new();
    for file in files {
        let path = file?.path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        match fs_err::read_to_string(&path)
            .map_err(|error| error.to_string())
            .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
        {
            Ok(report) => reports.push(report),
            Err(error) => tracing::warn!(file = %path.display(), error, "no evaluation report"),
        }
    }
    reports.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Encoder, Figure};
    use super::*;

    fn report(task: &str) -> EvalReport {
        let figures = BTreeMap::from([
            ("hit@1".to_owned(), Figure::Spread { mean: 0.5, standard_error: 0.01 }),
            ("coverage".to_owned(), Figure::Value(0.4)),
        ]);
        EvalReport {
            task: task.to_owned(),
            set: "shop/a b".to_owned(),
            systems: BTreeMap::from([("riposte".to_owned(), figures)]),
            n: 3,
            encoder: Encoder { name: "e".to_owned(), fingerprint: "f".to_owned() },
            seconds: 1.5,
        }
    }

    #[tokio::test]
    async fn what_is_kept_is_listed_newest_first_and_other_files_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptReports::of(folder.path());
        assert_eq!(kept.list().await.unwrap(), []);
        for (seconds, task) in [(10, "replay"), (30, "intents"), (20, "replay")] {
            kept.keep(report(task), Timestamp::from_micros(seconds * 1_000_000)).unwrap();
        }
        fs_err::write(folder.path().join(FOLDER).join("notes.json"), "{}").unwrap();
        fs_err::write(folder.path().join(FOLDER).join("1-replay.draft"), "{").unwrap();
        let listed = kept.list().await.unwrap();
        assert_eq!(listed.iter().map(|one| one.at.as_micros() / 1_000_000).collect::<Vec<_>>(), [30, 20, 10]);
        assert_eq!((&listed[1].report, listed[0].id.as_str()), (&report("replay"), "30000000-intents"));
    }
}
