//! Has the crate built again when the console was (`web/dist` is embedded by `src/http/assets.rs`).

use std::fs;
use std::io;

fn main() -> io::Result<()> {
    let built = "web/dist";
    // Cargo takes a path that is not there for changed, every time: an empty folder spares a build of the whole crate.
    fs::create_dir_all(built).map_err(|error| io::Error::new(error.kind(), format!("{built}: {error}")))?;
    for path in ["build.rs", built, "web/placeholder"] {
        println!("cargo:rerun-if-changed={path}");
    }
    Ok(())
}
