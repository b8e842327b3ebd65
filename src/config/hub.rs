//! Where encoders are fetched from, and to.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{ConfigError, Flags, process_environment, read};

/// Hugging Face, where the known encoders are published.
const PUBLIC: &str = "https://huggingface.co";

/// What fetching an encoder needs of the settings. Read on its own: an installation may have no encoder yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelHub {
    /// Address of the hub, without a slash at its end.
    pub endpoint: String,
    /// Folder in which each encoder has one.
    pub folder: PathBuf,
}

impl ModelHub {
    /// Reads the settings from the process, as [`super::Config::load`] does.
    ///
    /// # Errors
    /// When a setting can't be read, or the address is none.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        Self::from_sources(flags, &process_environment())
    }

    /// Reads the settings from an explicit environment.
    ///
    /// # Errors
    /// As [`ModelHub::load`].
    pub fn from_sources(flags: &Flags, environment: &HashMap<String, String>) -> Result<Self, ConfigError> {
        let (raw, data_dir) = read(flags, environment)?;
        let written = |address: &String| !address.trim().is_empty();
        // The variable by which the tools of Hugging Face are told a mirror.
        let shared = environment.get("HF_ENDPOINT").cloned();
        let endpoint = raw.encoder.hub.filter(written).or(shared.filter(written)).unwrap_or_else(|| PUBLIC.to_owned());
        let endpoint = endpoint.trim().trim_end_matches('/').to_owned();
        if !(endpoint.starts_with("https://") || endpoint.starts_with("http://")) {
            return Err(ConfigError::Invalid {
                key: "encoder.hub",
                detail: format!("`{endpoint}` (from the setting, or from HF_ENDPOINT) is no address; write it as https://HOST"),
            });
        }
        Ok(Self { endpoint, folder: data_dir.join("models") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(assignments: &[&str], environment: &[(&str, &str)]) -> Result<String, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let assignments = assignments.iter().map(|assignment| (*assignment).to_owned()).collect();
        let flags = Flags { data_dir: Some(dir.path().to_path_buf()), assignments, ..Flags::default() };
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let hub = ModelHub::from_sources(&flags, &environment)?;
        assert_eq!(hub.folder, dir.path().join("models"));
        Ok(hub.endpoint)
    }

    #[test]
    fn the_setting_beats_the_variable_which_beats_the_public_hub() {
        let mirror = [("HF_ENDPOINT", "https://hf-mirror.com/")];
        assert_eq!(endpoint(&[], &[]).unwrap(), "https://huggingface.co");
        assert_eq!(endpoint(&[], &[("HF_ENDPOINT", " ")]).unwrap(), "https://huggingface.co");
        assert_eq!(endpoint(&[], &mirror).unwrap(), "https://hf-mirror.com");
        assert_eq!(endpoint(&["encoder.hub=http://models.lan:8080"], &mirror).unwrap(), "http://models.lan:8080");
        let own = [mirror[0], ("RIPOSTE__ENCODER__HUB", "https://a.example")];
        assert_eq!(endpoint(&[], &own).unwrap(), "https://a.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let error = endpoint(&[], &[("HF_ENDPOINT", "hf-mirror.com")]).unwrap_err().to_string();
        assert!(error.contains("encoder.hub") && error.contains("HF_ENDPOINT"), "{error}");
    }
}
