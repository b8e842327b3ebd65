//! Replay: the archive is ingested, then every moment of other conversations is asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use super::LabelSet;
use super::dataset::LabelledConversation;
use super::fit::{Fitted, Fitting, fit};
use super::judge::{Query, Selection, Yardstick, judge_labels, label_sets, select_queries, yardstick_for};
use super::lessons::{by_labels, by_words, of_archive};
use super::metrics::ranking::{reciprocal_rank, success_at};
use super::systems::{BM25, Baselines, DENSE, FigureMeans, RIPOSTE, RIPOSTE_ADAPTED, RankedReply, SystemFigures};
use super::workbench::{Archive, EvalError, Workbench, any_language, moment_key};
use crate::adapt::{Judge, Observer};
use crate::domain::{Abstention, DeskId, JobId, Pair, PairId, Pool};
use crate::embed::{Lane, TextKind};
use crate::jobs::adapt::{AdaptReport, Adaptation};
use crate::suggest::request::{LiveConversation, LiveMessage, SuggestFilters, SuggestRequest};
use crate::suggest::{RankedGroup, Ranking};
use crate::text::chrf::chrf_at;
use crate::text::mask::mask;
use crate::text::moment::{Line, Moment};
use crate::text::normalise::clean;

/// Which moments are asked, before the archive is known.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one command")]
pub struct ReplayOptions {
    /// Turns with one of these labels are left out.
    pub skip_labels: std::collections::BTreeSet<String>,
    /// Only turns whose label set occurs in the archive.
    pub known_labels: bool,
    /// Compare words instead of labels.
    pub by_words: bool,
    /// At most so many queries.
    pub limit: Option<usize>,
    /// First fit the ranker to the archive side, judged as the queries will be.
    pub fit: bool,
    /// Afterwards learn an adapter from the archive and ask again with what the product would then use.
    pub adapt: bool,
    /// Keep what was suggested at every moment, to be read.
    pub keep_moments: bool,
}

impl ReplayOptions {
    /// What suggestions for these conversations are held against.
    #[must_use]
    pub fn yardstick(&self, conversations: &[LabelledConversation]) -> Yardstick {
        if self.by_words { Yardstick::Words } else { yardstick_for(conversations) }
    }
}

/// What one replay gave.
#[derive(Debug)]
pub struct Replayed {
    /// Figures by system.
    pub figures: SystemFigures,
    /// Moments asked.
    pub asked: usize,
    /// What a fit to the archive side gave, where one was made.
    pub fitted: Option<Fitted>,
    /// What the archive's own division by time decided, where an adapter was learnt.
    pub adaptation: Option<AdaptReport>,
    /// By system: the probability of every first suggestion, shown or not, and whether it is right by its labels. Empty where words judge.
    pub sure: BTreeMap<String, Vec<(f64, bool)>>,
    /// What was suggested at every moment, where that was to be kept.
    pub moments: Vec<AskedMoment>,
}

/// One moment, what the agent said and what the product suggests, masked: for people who want to read where it errs.
#[derive(Debug, Serialize)]
pub struct AskedMoment {
    /// `riposte`, or `riposte+adapt`.
    pub system: String,
    /// The conversation's id in the set.
    pub conversation: String,
    /// What was said before, each line with its speaker.
    pub context: Vec<String>,
    /// The question that was understood.
    pub question: String,
    /// What the agent said.
    pub given: String,
    /// The agent's labels.
    #[serde(skip_serializing_if = "LabelSet::is_empty")]
    pub labels: LabelSet,
    /// Why nothing would be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abstained: Option<Abstention>,
    /// The first suggestions, shown or not.
    pub suggestions: Vec<KeptSuggestion>,
}

/// One suggestion of an [`AskedMoment`].
#[derive(Debug, Serialize)]
pub struct KeptSuggestion {
    /// Its text.
    pub text: String,
    /// Its probability.
    pub score: f64,
    /// Whether its labels are right; `None` where labels do not judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<bool>,
    /// How many answers it stands for.
    pub support: usize,
}

/// Archived moments that a replay's ranker is fitted to, at most.
pub(super) const FITTED_TO: usize = 1500;

/// Suggestions of a moment that are kept to be read.
const KEPT_SUGGESTIONS: usize = 5;

/// Whoever watches the installation; nobody stops it.
struct Watched<'a>(&'a Workbench);

#[async_trait]
impl Observer for Watched<'_> {
    type Stop = EvalError;

    async fn progress(&self, stage: &str, done: u64, total: u64) -> Result<(), EvalError> {
        (self.0.watch)(stage, done as usize, total as usize);
        Ok(())
    }
}

/// Asks every selected moment of `queries` against `archive`, both places in `conversations`.
pub async fn replay(
    bench: &Workbench,
    conversations: &[LabelledConversation],
    archive: &[usize],
    queries: &[usize],
    options: &ReplayOptions,
) -> Result<Replayed, EvalError> {
    let prepared = prepare(bench, conversations, archive, queries, options).await?;
    let Prepared { archive: ingested, asked, yardstick } = &prepared;
    let fitted = if options.fit { Some(prepared.fit(bench, conversations, archive, options).await?) } else { None };
    let with_fitted = match &fitted {
        Some(fitted) => Some(bench.with_ranker(fitted.ranker()?)),
        None => None,
    };
    let bench = with_fitted.as_ref().unwrap_or(bench);
    let baselines = Baselines::new(bench.archived_answers(ingested).await?);
    let mut means = FigureMeans::default();
    let mut moments = Vec::new();
    let mut sure: BTreeMap<String, Vec<(f64, bool)>> = BTreeMap::new();
    for (number, query) in asked.iter().enumerate() {
        (bench.watch)("asking", number, asked.len());
        let Some(live) = LiveMoment::of(&ingested.desk, query) else { continue };
        ask_baselines(bench, &baselines, &live, query, *yardstick, &mut means).await?;
        let ranking = ask_product(bench, &live).await?;
        let judged = prepared.measure(bench, RIPOSTE, &live.moment, &ranking, query, &mut means);
        sure.entry(RIPOSTE.to_owned()).or_default().extend(judged);
        if options.keep_moments {
            moments.push(prepared.kept(bench, RIPOSTE, &live, &ranking, query, conversations));
        }
    }
    let mut adaptation = None;
    if options.adapt {
        let desk = desk()?;
        let id = JobId::derive(&["replay", desk.as_str()]).to_string();
        let adapting = match yardstick {
            Yardstick::Labels => bench.adaptation.judged_by(prepared.judge(options)),
            Yardstick::Words => Adaptation::clone(&bench.adaptation),
        };
        adaptation = Some(adapting.run(&desk, &id, bench.clock.now(), &Watched(bench)).await?);
        // Baselines have no adapter: its maps are taught together, for the product's ranking.
        for (number, query) in asked.iter().enumerate() {
            (bench.watch)("asking", number, asked.len());
            let Some(live) = LiveMoment::of(&ingested.desk, query) else { continue };
            let ranking = ask_product(bench, &live).await?;
            let judged = prepared.measure(bench, RIPOSTE_ADAPTED, &live.moment, &ranking, query, &mut means);
            sure.entry(RIPOSTE_ADAPTED.to_owned()).or_default().extend(judged);
            if options.keep_moments {
                moments.push(prepared.kept(bench, RIPOSTE_ADAPTED, &live, &ranking, query, conversations));
            }
        }
    }
    let mut figures = means.means();
    if options.adapt {
        add_gains(&mut figures);
    }
    Ok(Replayed { figures, asked: asked.len(), fitted, adaptation, sure, moments })
}

/// An ingested archive and the moments to ask.
pub(super) struct Prepared<'a> {
    /// Where the archive's answers come from.
    pub(super) archive: Archive,
    /// The moments.
    pub(super) asked: Vec<Query<'a>>,
    /// What suggestions are held against.
    pub(super) yardstick: Yardstick,
}

/// Ingests `archive` and selects the moments of `queries`, both places in `conversations`.
pub(super) async fn prepare<'a>(
    bench: &Workbench,
    conversations: &'a [LabelledConversation],
    archive: &[usize],
    queries: &[usize],
    options: &ReplayOptions,
) -> Result<Prepared<'a>, EvalError> {
    let archived: Vec<&LabelledConversation> = archive.iter().map(|&place| &conversations[place]).collect();
    let yardstick = options.yardstick(conversations);
    let selection = Selection {
        yardstick,
        skip_labels: options.skip_labels.clone(),
        known_labels: options.known_labels.then(|| label_sets(archived.iter().copied())),
        limit: options.limit,
    };
    let asked = select_queries(conversations, queries, &selection);
    if asked.is_empty() {
        return Err(EvalError::Unusable("no moment to ask is left: check --skip-label, --known-labels and the split".to_owned()));
    }
    let archive = bench.ingest(&desk()?, &archived).await?;
    Ok(Prepared { archive, asked, yardstick })
}

fn desk() -> Result<DeskId, EvalError> {
    "archive".parse().map_err(|error: crate::domain::desk::InvalidDeskId| EvalError::Unusable(error.to_string()))
}

/// What adapting changed in each figure of accuracy. Both systems are asked the same moments of the same split, so over several splits the
/// error of the difference is far smaller than that of either.
fn add_gains(figures: &mut SystemFigures) {
    let (Some(bare), Some(adapted)) = (figures.get(RIPOSTE).cloned(), figures.get_mut(RIPOSTE_ADAPTED)) else { return };
    let gains: Vec<(String, f64)> = adapted
        .iter()
        .filter(|(name, _)| name.starts_with("hit@") || name.starts_with("chrf@"))
        .filter_map(|(name, after)| Some((format!("gain_{name}"), after - bare.get(name)?)))
        .collect();
    adapted.extend(gains);
}

/// One moment as it would be live.
pub(super) struct LiveMoment {
    /// What a host would send.
    pub(super) request: SuggestRequest,
    /// What is made of it.
    pub(super) moment: Moment,
}

impl LiveMoment {
    /// `None` where the customer has said nothing that could be answered.
    pub(super) fn of(desk: &DeskId, query: &Query<'_>) -> Option<Self> {
        Self::read_by(desk, query, Moment::of)
    }

    /// [`Self::of`] with another way to read the conversation.
    pub(super) fn read_by(desk: &DeskId, query: &Query<'_>, read: impl Fn(&[Line<'_>]) -> Option<Moment>) -> Option<Self> {
        let texts: Vec<String> = query.context.iter().map(|message| mask(&clean(&message.text), &[]).text).collect();
        let lines: Vec<Line<'_>> =
            query.context.iter().zip(&texts).map(|(message, text)| Line { role: message.role, text, at: message.at }).collect();
        Some(Self { request: request_of(desk, query), moment: read(&lines)? })
    }
}

async fn ask_baselines(
    bench: &Workbench,
    baselines: &Baselines,
    live: &LiveMoment,
    query: &Query<'_>,
    yardstick: Yardstick,
    means: &mut FigureMeans,
) -> Result<(), EvalError> {
    let key = moment_key(&live.moment.previous, &live.moment.turn);
    let key_vector = bench.embed(std::slice::from_ref(&key), TextKind::Query).await?;
    score(means, BM25, &baselines.by_words(&key), query, yardstick);
    score(means, DENSE, &baselines.by_vector(&key_vector[0]), query, yardstick);
    Ok(())
}

/// Asks the product as it is at present.
async fn ask_product(bench: &Workbench, live: &LiveMoment) -> Result<Ranking, EvalError> {
    let (ranking, _) = bench.suggester.rank(&live.request, &live.moment, &any_language(), Lane::Bulk).await?;
    Ok(ranking)
}

impl Prepared<'_> {
    /// Fits the ranker to the archive side, by moments that are chosen and judged as the queries are.
    async fn fit(
        &self,
        bench: &Workbench,
        conversations: &[LabelledConversation],
        archive: &[usize],
        options: &ReplayOptions,
    ) -> Result<Fitted, EvalError> {
        let Self { archive: ingested, yardstick, .. } = self;
        let lessons = if *yardstick == Yardstick::Words {
            of_archive(bench, &ingested.desk, FITTED_TO, &|_| true, &by_words).await?
        } else {
            // How many conversations bear a label set: what only its own conversation knows can't be answered right.
            let mut known: HashMap<LabelSet, usize> = HashMap::new();
            for labels in archive.iter().flat_map(|&place| label_sets([&conversations[place]])) {
                *known.entry(labels).or_default() += 1;
            }
            let asked = |pair: &Pair| {
                ingested.labels_of(pair.content.id).is_some_and(|labels| {
                    !labels.is_empty()
                        && labels.is_disjoint(&options.skip_labels)
                        && (!options.known_labels || known.get(labels).is_some_and(|count| *count > 1))
                })
            };
            of_archive(bench, &ingested.desk, FITTED_TO, &asked, &|pair, candidate| by_labels(ingested, pair, candidate)).await?
        };
        fit(lessons, bench.suggester.ranker().weights(), Fitting::Weights(None), "the archive side of a replay").await
    }

    /// What tells which archived answers are right: the labels, of the moments that are asked.
    fn judge(&self, options: &ReplayOptions) -> Arc<Judge<'static>> {
        let (archive, left_out) = (self.archive.clone(), options.skip_labels.clone());
        Arc::new(move |pair, candidate| {
            let labels = archive.labels_of(pair.content.id)?;
            if labels.is_disjoint(&left_out) { by_labels(&archive, pair, candidate) } else { None }
        })
    }

    fn replies(&self, ranking: &Ranking) -> Vec<RankedReply> {
        let reply = |group: &RankedGroup| {
            let best = group.representative();
            let labels = (best.candidate.payload.pool == Pool::Archive)
                .then(|| self.archive.labels_of(PairId::from_uuid(best.candidate.payload.source)).cloned())
                .flatten();
            RankedReply { text: best.source.answer.clone(), labels }
        };
        ranking.groups.iter().map(reply).collect()
    }

    fn kept(
        &self,
        bench: &Workbench,
        system: &str,
        live: &LiveMoment,
        ranking: &Ranking,
        query: &Query<'_>,
        conversations: &[LabelledConversation],
    ) -> AskedMoment {
        let masked = |text: &str| mask(&clean(text), &[]).text;
        let judged = self.yardstick == Yardstick::Labels;
        let right = right(&self.replies(ranking), &query.expected_labels);
        let suggestion = |(group, right): (&RankedGroup, &bool)| KeptSuggestion {
            text: group.text().to_owned(),
            score: group.probability,
            right: judged.then_some(*right),
            support: group.members.len(),
        };
        AskedMoment {
            system: system.to_owned(),
            conversation: conversations[query.conversation].draft.external_id.clone(),
            context: query.context.iter().map(|message| format!("{}: {}", message.role.as_str(), masked(&message.text))).collect(),
            question: live.moment.question.clone(),
            given: masked(&query.expected_text),
            labels: query.expected_labels.clone(),
            abstained: silence(bench, &live.moment, ranking),
            suggestions: ranking.groups.iter().zip(&right).take(KEPT_SUGGESTIONS).map(suggestion).collect(),
        }
    }

    /// Adds the figures of one moment under the name `system`. Where labels judge, gives the probability of the first suggestion, shown or not,
    /// and whether it is right.
    pub(super) fn measure(
        &self,
        bench: &Workbench,
        system: &str,
        moment: &Moment,
        ranking: &Ranking,
        query: &Query<'_>,
        means: &mut FigureMeans,
    ) -> Option<(f64, bool)> {
        let replies = self.replies(ranking);
        score(means, system, &replies, query, self.yardstick);
        let silent = silence(bench, moment, ranking).is_some();
        means.add(system, "abstained", f64::from(silent));
        means.add(system, "coverage", f64::from(!silent));
        if self.yardstick == Yardstick::Words {
            return None;
        }
        let first_right = success_at(&right(&replies, &query.expected_labels), 1);
        if !silent {
            means.add(system, "precision_shown", first_right);
        }
        Some((ranking.groups.first().map_or(0.0, |group| group.probability), first_right > 0.5))
    }
}

/// Why a desk with usual settings would show nothing.
fn silence(bench: &Workbench, moment: &Moment, ranking: &Ranking) -> Option<Abstention> {
    let threshold = bench.suggester.threshold(&crate::domain::DeskSettings::default());
    bench.suggester.silence(moment, ranking, threshold)
}

pub(super) fn request_of(desk: &DeskId, query: &Query<'_>) -> SuggestRequest {
    let messages =
        query.context.iter().map(|message| LiveMessage { role: message.role, text: message.text.clone(), at: message.at, id: None });
    SuggestRequest {
        desk: desk.clone(),
        conversation: LiveConversation { messages: messages.collect(), ..LiveConversation::default() },
        limit: None,
        language: None,
        filters: SuggestFilters::default(),
        explain: false,
    }
}

fn right(replies: &[RankedReply], expected: &LabelSet) -> Vec<bool> {
    let labels: Vec<Option<LabelSet>> = replies.iter().map(|reply| reply.labels.clone()).collect();
    judge_labels(&labels, expected)
}

fn score(means: &mut FigureMeans, system: &str, replies: &[RankedReply], query: &Query<'_>, yardstick: Yardstick) {
    match yardstick {
        Yardstick::Labels => {
            let right = right(replies, &query.expected_labels);
            for k in [1, 3, 5] {
                means.add(system, &format!("hit@{k}"), success_at(&right, k));
            }
            means.add(system, "mrr", reciprocal_rank(&right, None));
        }
        Yardstick::Words => {
            let texts: Vec<&str> = replies.iter().map(|reply| reply.text.as_str()).collect();
            for k in [1, 3] {
                means.add(system, &format!("chrf@{k}"), chrf_at(&texts, &query.expected_text, k));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_differences_of_accuracy_on_the_same_moments() {
        let figures = |rows: &[(&str, f64)]| rows.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        let mut systems = SystemFigures::from([
            (RIPOSTE.to_owned(), figures(&[("hit@1", 0.5), ("coverage", 0.75)])),
            (RIPOSTE_ADAPTED.to_owned(), figures(&[("hit@1", 0.625), ("coverage", 0.5), ("hit@3", 0.75)])),
        ]);
        add_gains(&mut systems);
        let adapted = &systems[RIPOSTE_ADAPTED];
        assert_eq!(adapted.get("gain_hit@1"), Some(&0.125));
        assert_eq!(adapted.keys().filter(|name| name.starts_with("gain_")).count(), 1);
        assert_eq!(systems[RIPOSTE].len(), 2);
    }
}
