//! Encoders side by side: how fast they are on texts of one length, and how far one's vectors are from another's.

use std::time::{Duration, Instant};

use crate::embed::check::cosine;
use crate::embed::{EmbedError, EmbedModel, Embedder, Lane, TextKind};

/// Tokens of every row, special tokens included: a customer's question has about so many.
pub const SPEED_TOKENS: usize = 16;

/// Rows per forward pass: a single query, and a batch of an import.
pub const SPEED_BATCHES: [usize; 2] = [1, 32];

/// Source of the token ids. What they say does not matter for the time; that they differ does.
const SPEED_TEXT: &str = "请问这个订单什么时候发货,多久能到,运费谁出?我想换一个大一号的蓝色外套,吊牌还在。Where is my parcel, and can I change the \
     delivery address? The invoice shows another amount than the order. 退款一般几天到账,可以退回银行卡吗?I forgot my password and the code never arrives.";

/// Rows of the reference model computed together.
const PRECISION_BATCH: usize = 32;

/// Texts per second of one model, one figure per entry of [`SPEED_BATCHES`].
pub type Speed = [f64; SPEED_BATCHES.len()];

/// Measures the forward passes of `models` in turn, `rounds` times, each for at least `measure` per batch size, and returns each model's
/// medians. Taking turns spreads whatever else the machine does over all of them. Tokenising is not measured.
///
/// # Errors
/// When a model fails, or gives [`SPEED_TEXT`] too few tokens.
pub fn speed(models: &mut [Box<dyn EmbedModel>], rounds: usize, measure: Duration) -> Result<Vec<Speed>, EmbedError> {
    let rows = models.iter().map(|model| speed_rows(model.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let mut measured = vec![[const { Vec::new() }; SPEED_BATCHES.len()]; models.len()];
    // A round before the first warms caches and threads up.
    for round in 0..=rounds {
        for ((model, rows), measured) in models.iter_mut().zip(&rows).zip(&mut measured) {
            for (batch, figures) in SPEED_BATCHES.into_iter().zip(measured) {
                let figure = texts_per_second(model.as_mut(), rows, batch, measure)?;
                if round > 0 {
                    figures.push(figure);
                }
            }
        }
    }
    Ok(measured.into_iter().map(|figures| figures.map(median)).collect())
}

fn texts_per_second(model: &mut dyn EmbedModel, rows: &[Vec<u32>], batch: usize, measure: Duration) -> Result<f64, EmbedError> {
    let (started, mut texts) = (Instant::now(), 0_usize);
    for batch in rows.chunks_exact(batch).cycle() {
        texts += model.forward(batch)?.len();
        if started.elapsed() >= measure {
            break;
        }
    }
    Ok(texts as f64 / started.elapsed().as_secs_f64())
}

/// As many rows as the largest batch, each of [`SPEED_TOKENS`] ids: the model's first and last special token around a stretch of the text.
fn speed_rows(model: &dyn EmbedModel) -> Result<Vec<Vec<u32>>, EmbedError> {
    let (ids, _) = model.tokenize(SPEED_TEXT, TextKind::Passage)?;
    let [first, inner @ .., last] = ids.as_slice() else { return Err(EmbedError::Model("a text has no special tokens".to_owned())) };
    if inner.len() < SPEED_TOKENS {
        return Err(EmbedError::Model(format!("max_tokens is below {}", SPEED_TOKENS + 2)));
    }
    let largest = SPEED_BATCHES.into_iter().max().unwrap_or_default();
    let row = |start: usize| {
        let stretch = inner.iter().cycle().skip(start * 3 % inner.len()).take(SPEED_TOKENS - 2);
        std::iter::once(first).chain(stretch).chain([last]).copied().collect()
    };
    Ok((0..largest).map(row).collect())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => figures[middle],
        _ => f64::midpoint(figures[middle - 1], figures[middle]),
    }
}

/// Cosines of two encoders' vectors of the same texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision {
    /// Mean over the texts.
    pub mean: f64,
    /// The lowest.
    pub worst: f64,
}

/// Compares the vectors of `embedder` with those of `reference`, both embedding `texts` as queries.
///
/// # Errors
/// When an encoder fails, the vectors differ in length, or there are no texts.
pub async fn precision(embedder: &dyn Embedder, reference: &mut dyn EmbedModel, texts: &[String]) -> Result<Precision, EmbedError> {
    let (left, right) = (embedder.info().dimension, reference.info().dimension);
    if left != right {
        return Err(EmbedError::Model(format!("vectors of {left} and of {right} dimensions can't be compared")));
    }
    if texts.is_empty() {
        return Err(EmbedError::Model("there are no texts to compare".to_owned()));
    }
    let embedded = embedder.embed(texts.to_vec(), TextKind::Query, Lane::Bulk).await?;
    let (mut sum, mut worst) = (0.0, f64::INFINITY);
    for (texts, embedded) in texts.chunks(PRECISION_BATCH).zip(embedded.chunks(PRECISION_BATCH)) {
        let rows = texts.iter().map(|text| Ok(reference.tokenize(text, TextKind::Query)?.0)).collect::<Result<Vec<_>, EmbedError>>()?;
        for (expected, embedding) in reference.forward(&rows)?.iter().zip(embedded) {
            let cosine = f64::from(cosine(expected, &embedding.vector));
            sum += cosine;
            worst = worst.min(cosine);
        }
    }
    Ok(Precision { mean: sum / texts.len() as f64, worst })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::fake::{FakeEmbedder, FakeModel};

    #[test]
    fn every_row_has_the_same_number_of_tokens_and_the_models_special_ones() {
        let model = FakeModel::default();
        let rows = speed_rows(&model).unwrap();
        let (empty, _) = model.tokenize("", TextKind::Passage).unwrap();
        assert_eq!(rows.len(), 32);
        assert!(rows.iter().all(|row| row.len() == SPEED_TOKENS && row[0] == empty[0] && row.last() == empty.last()));
        assert!(rows.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn every_model_gets_a_figure_for_every_batch_size() {
        let mut models: Vec<Box<dyn EmbedModel>> = vec![Box::new(FakeModel::default()), Box::new(FakeModel::new(8))];
        let measured = speed(&mut models, 2, Duration::ZERO).unwrap();
        assert_eq!(measured.len(), 2);
        assert!(measured.iter().flatten().all(|&figure| figure > 0.0 && figure.is_finite()));
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 100.0]), 3.0);
        assert_eq!(median(vec![3.0, 1.0, 100.0, 5.0]), 4.0);
    }

    #[test]
    fn the_same_model_is_precise_and_another_length_is_refused() {
        let texts: Vec<String> = (0..70).map(|number| format!("订单 {number} where is it")).collect();
        let embedder = FakeEmbedder::default();
        let same = futures::executor::block_on(precision(&embedder, &mut FakeModel::default(), &texts)).unwrap();
        assert!((same.mean - 1.0).abs() < 1e-6 && (same.worst - 1.0).abs() < 1e-6);
        assert!(futures::executor::block_on(precision(&embedder, &mut FakeModel::new(8), &texts)).is_err());
        assert!(futures::executor::block_on(precision(&embedder, &mut FakeModel::default(), &[])).is_err());
    }
}
