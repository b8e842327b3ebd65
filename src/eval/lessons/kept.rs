//! Lessons in a file: a line of JSON with everything but numbers, then the numbers as little-endian f32, lesson after lesson.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Lesson;
use crate::domain::PairKind;
use crate::eval::workbench::EvalError;
use crate::suggest::features::{FEATURE_COUNT, FEATURE_NAMES, Gates};

#[derive(Serialize, Deserialize)]
struct Head {
    fold: String,
    features: Vec<String>,
    dimension: usize,
    texts: Vec<String>,
    sources: Vec<Uuid>,
    right: Vec<bool>,
    judged: bool,
    kind: PairKind,
}

/// Writes lessons.
///
/// # Errors
/// When the disk refuses.
pub fn keep(file: &Path, lessons: &[Lesson]) -> Result<(), EvalError> {
    let failed = |error: std::io::Error| EvalError::Unusable(format!("cannot write {}: {error}", file.display()));
    let mut out = BufWriter::new(fs_err::File::create(file).map_err(failed)?);
    for lesson in lessons {
        let head = Head {
            fold: lesson.fold.clone(),
            features: FEATURE_NAMES.map(str::to_owned).to_vec(),
            dimension: lesson.answers.first().map_or(0, Vec::len),
            texts: lesson.texts.clone(),
            sources: lesson.sources.clone(),
            right: lesson.right.clone(),
            judged: lesson.judged,
            kind: lesson.kind,
        };
        let head = serde_json::to_string(&head).map_err(|error| failed(error.into()))?;
        let Gates { first, best, length } = lesson.gates;
        let numbers = [first, best, length].into_iter();
        let numbers = numbers.chain(lesson.rows.iter().flatten().copied()).chain(lesson.answers.iter().flatten().copied());
        let numbers = numbers.chain(lesson.overlap.iter().copied()).chain(lesson.likeness.iter().copied());
        let bytes: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
        writeln!(out, "{head}").and_then(|()| out.write_all(&bytes)).map_err(failed)?;
    }
    out.flush().map_err(failed)
}

/// Reads lessons that [`keep`] wrote.
///
/// # Errors
/// When the file can't be read, or was written by a program with other features.
pub fn read(file: &Path) -> Result<Vec<Lesson>, EvalError> {
    let failed = |error: std::io::Error| EvalError::Unusable(format!("cannot read lessons from {}: {error}", file.display()));
    let mut input = BufReader::new(fs_err::File::open(file).map_err(failed)?);
    let mut lessons = Vec::new();
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).map_err(failed)? == 0 {
            return Ok(lessons);
        }
        let head: Head = serde_json::from_str(&line).map_err(|error| {
            EvalError::Unusable(format!("{} holds no lessons that this program reads ({error}): gather them again", file.display()))
        })?;
        if head.features != FEATURE_NAMES {
            let file = file.display();
            return Err(EvalError::Unusable(format!("{file} holds lessons with other features than this program's: gather them again")));
        }
        let count = head.texts.len();
        if count < 2 || head.sources.len() != count || head.right.len() != count {
            return Err(EvalError::Unusable(format!("{} holds a lesson that is cut short: gather them again", file.display())));
        }
        let mut floats = |wanted: usize| -> Result<Vec<f32>, EvalError> {
            let mut bytes = vec![0; 4 * wanted];
            input.read_exact(&mut bytes).map_err(failed)?;
            let (words, _) = bytes.as_chunks::<4>();
            Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
        };
        let gates = floats(3)?;
        let rows = floats(count * FEATURE_COUNT)?;
        let answers = floats(count * head.dimension)?;
        let (overlap, likeness) = (floats(count)?, floats(count)?);
        let (rows, _) = rows.as_chunks::<FEATURE_COUNT>();
        lessons.push(Lesson {
            fold: head.fold,
            rows: rows.to_vec(),
            answers: answers.chunks(head.dimension.max(1)).map(<[f32]>::to_vec).collect(),
            texts: head.texts,
            sources: head.sources,
            overlap,
            likeness,
            right: head.right,
            judged: head.judged,
            gates: Gates { first: gates[0], best: gates[1], length: gates[2] },
            kind: head.kind,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_come_back_as_they_were() {
        let lesson = |number: f32| Lesson {
            fold: format!("talk {number}"),
            rows: vec![[number; FEATURE_COUNT], [0.5; FEATURE_COUNT]],
            answers: vec![vec![1.0, 0.0, number], vec![0.0, 1.0, 0.0]],
            texts: vec!["签收后7天\n内".to_owned(), "ask".to_owned()],
            sources: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
            overlap: vec![0.25, 0.125],
            likeness: vec![0.75, -0.5],
            right: vec![true, false],
            judged: true,
            gates: Gates { first: 1.0, best: number, length: 0.5 },
            kind: if number > 0.0 { PairKind::SmallTalk } else { PairKind::FollowUp },
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lessons");
        let lessons = vec![lesson(3.0), lesson(-0.1)];
        keep(&file, &lessons).unwrap();
        assert_eq!(read(&file).unwrap(), lessons);
        let text = fs_err::read(&file).unwrap();
        fs_err::write(&file, &text[..text.len() - 1]).unwrap();
        assert!(read(&file).is_err(), "cut off");
        assert!(read(&folder.path().join("none")).is_err());
    }
}
