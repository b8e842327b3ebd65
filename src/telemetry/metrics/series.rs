//! One metric's series, made from its declaration.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use super::declared::{Declared, Unit};
use super::label::LabelValue;

/// A gauge of any number; NaN where it is not known.
pub(super) type Number = Gauge<f64, AtomicU64>;

/// A counter of fractions.
pub(super) type Fractions = Counter<f64, AtomicU64>;

/// Labels whose names and values are the program's own words.
pub(super) type Words<const N: usize> = [(&'static str, &'static str); N];

/// Makes the series of a metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Make(pub(super) &'static Declared);

impl MetricConstructor<Counter> for Make {
    fn new_metric(&self) -> Counter {
        Counter::default()
    }
}

impl MetricConstructor<Number> for Make {
    fn new_metric(&self) -> Number {
        Number::default()
    }
}

impl MetricConstructor<Histogram> for Make {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.buckets().iter().copied())
    }
}

/// A metric with labels.
pub(super) type Labelled<S, M> = Family<S, M, Make>;

/// A metric with labels, no series made yet.
pub(super) fn labelled<S: Clone + std::hash::Hash + Eq, M>(declared: &'static Declared) -> Labelled<S, M> {
    Family::new_with_constructor(Make(declared))
}

/// A histogram without labels.
pub(super) fn histogram(declared: &'static Declared) -> Histogram {
    Make(declared).new_metric()
}

/// The series of a metric with one label, all made at the start: what is observed finds its series by an index, and a series that has seen
/// nothing shows zero.
#[derive(Debug, Clone)]
pub(super) struct Each<L, M> {
    series: Arc<[M]>,
    family: Labelled<Words<1>, M>,
    label: PhantomData<L>,
}

impl<L: LabelValue, M: Clone> Each<L, M>
where
    Make: MetricConstructor<M>,
{
    pub(super) fn new(declared: &'static Declared) -> Self {
        let family: Labelled<Words<1>, M> = labelled(declared);
        let series = L::VALUES.iter().map(|&value| family.get_or_create(&[(L::NAME, value)]).clone()).collect();
        Self { series, family, label: PhantomData }
    }

    /// The series of one value.
    pub(super) fn of(&self, value: L) -> &M {
        self.at(value.place())
    }

    /// The series of the value at a place of the label's list.
    pub(super) fn at(&self, place: usize) -> &M {
        &self.series[place]
    }
}

impl<L, M> Each<L, M>
where
    Labelled<Words<1>, M>: Metric + Clone,
{
    pub(super) fn register(&self, registry: &mut Registry, declared: &'static Declared) {
        register(registry, declared, self.family.clone());
    }
}

/// Has a metric exposed under its declared name.
pub(super) fn register(registry: &mut Registry, declared: &'static Declared, metric: impl Metric) {
    use prometheus_client::registry::Unit as Exposed;
    match declared.unit {
        None => registry.register(declared.stem(), declared.help, metric),
        Some(Unit::Seconds) => registry.register_with_unit(declared.stem(), declared.help, Exposed::Seconds, metric),
        Some(Unit::Bytes) => registry.register_with_unit(declared.stem(), declared.help, Exposed::Bytes, metric),
    }
}

/// Has a metric with labels exposed under its declared name.
pub(super) fn register_labelled<S, M>(registry: &mut Registry, declared: &'static Declared, family: &Labelled<S, M>)
where
    S: EncodeLabelSet + Clone + std::hash::Hash + Eq + Send + Sync + std::fmt::Debug + 'static,
    M: EncodeMetric + TypedMetric + Send + Sync + std::fmt::Debug + 'static,
    Make: MetricConstructor<M>,
{
    register(registry, declared, family.clone());
}
