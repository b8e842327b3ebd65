use super::*;
use crate::domain::{FeedbackTally, Language, Outcome, WordingTally};

const NOW: Timestamp = Timestamp::from_micros(1_760_000_000_000_000);

/// Archived answers with their question cosine and vector, as if they had been found.
fn gathered(answers: &[(&str, f32, [f32; 2])]) -> Gathered {
    let (mut search, mut sources, mut keys) = (CandidateSearch::default(), HashMap::new(), HashMap::new());
    for (number, (answer, cosine, vector)) in (1..).zip(answers) {
        let point = Uuid::from_u128(number);
        search.candidates.push(Candidate {
            question_cosine: *cosine,
            situation_cosine: *cosine,
            answer_cosine: *cosine,
            plain_question_cosine: *cosine,
            answer_vector: vector.to_vec(),
            ..Candidate::unlike(point)
        });
        let (answer, question) = ((*answer).to_owned(), "问".to_owned());
        keys.insert(point, answer_key(&answer));
        sources.insert(
            point,
            Source { outcome: Outcome::default(), answer_quality: 1.0, answer, question, answered_by: None, context_terms: Vec::new() },
        );
    }
    let wanted = Wanted { kind: PairKind::Question, language: Language::Zh, now: NOW };
    let (known, answer_keys) = (Known::default(), Vec::new());
    Gathered {
        search,
        sources,
        keys,
        known,
        answer_keys,
        best_question_cosine: 1.0,
        best_entry_cosine: 0.0,
        nearest_questions: 1.0,
        wanted,
        scale: ScoreScale::SAME,
        forecast: None,
    }
}

/// The groups' answers when something has been decided about some of them.
fn ranked(answers: &[(&str, f32, [f32; 2])], decided: &[(&str, Effect)]) -> (Vec<RankedGroup>, Vec<Vec<String>>) {
    let mut gathered = gathered(answers);
    gathered.control(decided.iter().map(|(answer, effect)| (answer_key(answer), *effect)).collect(), None);
    let groups = rank(&Ranker::shipped(), gathered);
    let words = groups.iter().map(|group| group.members.iter().map(|member| member.source.answer.clone()).collect()).collect();
    (groups, words)
}

fn log_odds(group: &RankedGroup) -> f64 {
    (group.probability / (1.0 - group.probability)).ln()
}

const HIDDEN: Effect = Effect { hidden: true, pinned: false, points: 0.0 };
const PINNED: Effect = Effect { hidden: false, pinned: true, points: 0.0 };
const ONE_WAY: [f32; 2] = [1.0, 0.0];
const OTHER_WAY: [f32; 2] = [0.0, 1.0];
/// Two wordings of one answer, the better match in polite words too; and another answer.
const ANSWERS: [(&str, f32, [f32; 2]); 4] = [
    ("在订单页申请退货", 0.9, ONE_WAY),
    ("您好，在订单页申请退货哦", 0.8, ONE_WAY),
    ("打开订单页申请退货即可", 0.7, ONE_WAY),
    ("请到门店办理", 0.6, OTHER_WAY),
];

#[test]
fn a_hidden_answer_takes_its_own_words_along_and_leaves_other_wordings() {
    let (_, before) = ranked(&ANSWERS, &[]);
    assert_eq!(before, [vec![ANSWERS[0].0, ANSWERS[1].0, ANSWERS[2].0], vec![ANSWERS[3].0]]);
    let (_, after) = ranked(&ANSWERS, &[(ANSWERS[0].0, HIDDEN)]);
    assert_eq!(after, [vec![ANSWERS[2].0], vec![ANSWERS[3].0]]);
    let everything = ANSWERS.map(|(answer, ..)| (answer, HIDDEN));
    assert!(ranked(&ANSWERS, &everything).0.is_empty());
}

#[test]
fn pinned_words_stand_for_their_group_with_the_groups_probability() {
    let (before, _) = ranked(&ANSWERS, &[]);
    assert!(before.iter().all(|group| !group.pinned));
    let (after, words) = ranked(&ANSWERS, &[(ANSWERS[2].0, PINNED)]);
    assert_eq!(words, [vec![ANSWERS[2].0, ANSWERS[0].0, ANSWERS[1].0], vec![ANSWERS[3].0]]);
    assert_eq!(after.iter().map(|group| group.pinned).collect::<Vec<_>>(), [true, false]);
    assert_eq!(after[0].probability, before[0].probability);
    let [pinned, other] = [&after[0], &after[1]];
    assert!(pinned.clears(2.0 * pinned.probability) && !pinned.clears(2.1 * pinned.probability));
    assert!(other.clears(other.probability) && !other.clears(1.1 * other.probability));
}

#[test]
fn points_move_an_answer_and_nothing_else() {
    let (before, _) = ranked(&ANSWERS, &[]);
    let points = |points: f32| Effect { points, ..Effect::default() };
    let (after, words) = ranked(&ANSWERS, &[(ANSWERS[3].0, points(3.0)), (ANSWERS[0].0, points(-3.0))]);
    let raised = after.iter().find(|group| group.representative().source.answer == ANSWERS[3].0).unwrap();
    assert!((log_odds(raised) - log_odds(&before[1]) - 3.0).abs() < 1e-3);
    // The wording that was lowered, in both its forms, no longer stands for its group.
    let lowered = words.iter().find(|group| group.contains(&ANSWERS[0].0.to_owned())).unwrap();
    assert_eq!(*lowered, [ANSWERS[2].0, ANSWERS[0].0, ANSWERS[1].0]);
}

#[test]
fn hiding_an_answer_reported_outdated_does_not_bring_back_its_like() {
    let reported = answer_key(ANSWERS[0].0);
    let mut gathered = gathered(&ANSWERS);
    gathered.known.tallies.insert(reported.clone(), FeedbackTally { retired: true, ..FeedbackTally::default() });
    gathered.control(HashMap::from([(reported, HIDDEN)]), None);
    let groups = rank(&Ranker::shipped(), gathered);
    assert_eq!(groups.iter().map(RankedGroup::text).collect::<Vec<_>>(), [ANSWERS[3].0]);
}

#[test]
fn an_edited_wording_has_controls_of_its_own() {
    let edited = "在订单页选择退货";
    let ranked = |decided: Effect| {
        let mut gathered = gathered(&ANSWERS);
        // Agents have edited both answers into the same words.
        for (answer, ..) in [ANSWERS[0], ANSWERS[3]] {
            let (key, text) = (answer_key(edited), edited.to_owned());
            let wording = WordingTally { key, text, conversations: 2, weight: 2.0, accepted: 0.0, edited: 0.0, last_used_at: NOW };
            gathered.known.wordings.insert(answer_key(answer), vec![wording]);
        }
        gathered.control(HashMap::from([(answer_key(edited), decided)]), None);
        rank(&Ranker::shipped(), gathered)
    };
    let texts = |groups: &[RankedGroup]| groups.iter().map(|group| group.text().to_owned()).collect::<Vec<_>>();
    let before = ranked(Effect::default());
    assert_eq!(texts(&before), [edited, ANSWERS[3].0], "the better group has it");
    assert_eq!(texts(&ranked(HIDDEN)), [ANSWERS[0].0, ANSWERS[3].0]);
    let pinned = ranked(PINNED);
    assert_eq!(texts(&pinned), [edited, ANSWERS[3].0]);
    assert_eq!(pinned.iter().map(|group| group.pinned).collect::<Vec<_>>(), [true, false]);
    assert_eq!(pinned[0].probability, before[0].probability);
    let raised = ranked(Effect { points: 1.0, ..Effect::default() });
    assert!((log_odds(&raised[0]) - log_odds(&before[0]) - 1.0).abs() < 1e-3);
    assert_eq!(raised[1].probability, before[1].probability, "where it is not offered it counts nothing");
    let lowered = ranked(Effect { points: -100.0, ..Effect::default() });
    assert_eq!(texts(&lowered), [ANSWERS[3].0, edited]);
}

#[test]
fn what_is_only_placeholders_says_nothing() {
    for nothing in ["[ADDRESS]", "[image]", "[ORDER_NO]，[ORDER_NO]。", "……", ""] {
        assert!(!says_something(nothing), "{nothing}");
    }
    for something in ["是[NAME]吗", "ok", "3天", "[image] 点这里"] {
        assert!(says_something(something), "{something}");
    }
}
