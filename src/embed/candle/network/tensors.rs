//! Linear layers and norms as encoders' files hold them.

use super::super::kernel::{Kernels, Norm, Packed, RootMeanSquareNorm};
use super::super::weights::{Weights, WeightsError};

/// A linear layer before it is packed.
pub(super) struct Linear {
    /// A row of inputs for each output.
    weights: Vec<f32>,
    /// One number for each output.
    bias: Vec<f32>,
    inputs: usize,
}

impl Linear {
    /// `NAME.weight` and `NAME.bias`.
    pub(super) fn read(weights: &Weights<'_>, name: &str, inputs: usize, outputs: usize) -> Result<Self, WeightsError> {
        let bias = weights.vector(&format!("{name}.bias"), outputs)?;
        Ok(Self { weights: weights.matrix(&format!("{name}.weight"), outputs, inputs)?, bias, inputs })
    }

    /// `NAME.weight` alone.
    pub(super) fn read_without_bias(weights: &Weights<'_>, name: &str, inputs: usize, outputs: usize) -> Result<Self, WeightsError> {
        Ok(Self { weights: weights.matrix(&format!("{name}.weight"), outputs, inputs)?, bias: vec![0.0; outputs], inputs })
    }

    /// Multiplies the first `outputs` outputs by `factor`.
    pub(super) fn scale(&mut self, outputs: usize, factor: f32) {
        for value in self.weights[..outputs * self.inputs].iter_mut().chain(&mut self.bias[..outputs]) {
            *value *= factor;
        }
    }

    /// Puts another layer's outputs behind this one's; both have the same inputs.
    pub(super) fn append(&mut self, other: Self) {
        self.weights.extend(other.weights);
        self.bias.extend(other.bias);
    }

    /// Takes the outputs from `at` on away, as a layer of their own.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        Self { weights: self.weights.split_off(at * self.inputs), bias: self.bias.split_off(at), inputs: self.inputs }
    }

    pub(super) fn pack(&self, kernels: &Kernels) -> Packed {
        Packed::new(kernels, &self.weights, &self.bias, self.inputs)
    }
}

/// The layer normalisation of that name.
pub(super) fn norm(weights: &Weights<'_>, name: &str, size: usize, epsilon: f32) -> Result<Norm, WeightsError> {
    // Files converted from TensorFlow's BERT have the names of that time.
    let (scale, shift) = if weights.has(&format!("{name}.gamma")) { ("gamma", "beta") } else { ("weight", "bias") };
    Ok(Norm { scale: weights.vector(&format!("{name}.{scale}"), size)?, shift: weights.vector(&format!("{name}.{shift}"), size)?, epsilon })
}

/// The normalisation by the root of the mean square of that name.
pub(super) fn root_mean_square_norm(
    weights: &Weights<'_>,
    name: &str,
    size: usize,
    epsilon: f32,
) -> Result<RootMeanSquareNorm, WeightsError> {
    Ok(RootMeanSquareNorm { scale: weights.vector(&format!("{name}.weight"), size)?, epsilon })
}
