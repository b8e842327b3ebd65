//! Rewrites `pytorch_model.bin` as safetensors.
//!
//! candle reads the archive without running what is pickled in it: only tensors come out.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::pickle::PthTensors;
use candle_core::{Result, Tensor, bail};
use safetensors::tensor::serialize_to_file;

/// Writes the tensors of the archive `from` to the file `to`, which is there when it is complete and not before. Takes as much memory as
/// the archive has bytes.
///
/// # Errors
/// When `from` is no such archive, holds tensors in a form that is not read, or the disk refuses.
pub(super) fn rewrite(from: &Path, to: &Path) -> Result<()> {
    let archive = PthTensors::new(from, None)?;
    let mut tensors: BTreeMap<&str, Tensor> = BTreeMap::new();
    for (name, info) in archive.tensor_infos() {
        // candle would skip as many bytes as it should skip numbers.
        if info.layout.start_offset() > 0 {
            bail!("tensor {name} shares its memory with another");
        }
        if let Some(tensor) = archive.get(name)? {
            tensors.insert(name, tensor);
        }
    }
    if tensors.is_empty() {
        bail!("there is no tensor in it");
    }
    let part = to.with_extension("safetensors.part");
    serialize_to_file(tensors, None, &part)?;
    fs_err::rename(&part, to)?;
    Ok(())
}
