//! Metrics of HTTP requests.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::declared::{HTTP_DURATION, HTTP_IN_FLIGHT, HTTP_REQUESTS};
use super::label::{HttpMethod, LabelValue, StatusClass};
use super::series::{Labelled, labelled, register, register_labelled};

type RouteLabels<const N: usize> = [(&'static str, Arc<str>); N];

/// Metrics of HTTP requests. Copies count together.
///
/// The series of a route and method are looked up in the library's tables once, when the first request of theirs is answered; from then on
/// counting takes a read lock and a look at the route's name, and allocates nothing.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    requests: Labelled<RouteLabels<3>, Counter>,
    durations: Labelled<RouteLabels<2>, Histogram>,
    in_flight: Gauge,
    /// By the route's template. As many as the router has routes.
    routes: Arc<RwLock<HashMap<Arc<str>, Arc<RouteSeries>>>>,
}

#[derive(Debug, Default)]
struct RouteSeries {
    methods: [OnceLock<MethodSeries>; HttpMethod::VALUES.len()],
}

#[derive(Debug)]
struct MethodSeries {
    answered: [Counter; StatusClass::VALUES.len()],
    duration: Histogram,
}

/// A request whose answer has not begun; dropping it says that it has, or never will.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            requests: labelled(&HTTP_REQUESTS),
            durations: labelled(&HTTP_DURATION),
            in_flight: Gauge::default(),
            routes: Arc::default(),
        }
    }
}

impl HttpMetrics {
    /// A request has come.
    #[must_use]
    pub fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// A request has been answered. `route` is the template that it matched, never its path.
    pub fn answered(&self, method: HttpMethod, route: &str, status: u16, duration: Duration) {
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(route).cloned();
        let series = known.unwrap_or_else(|| self.add_route(route));
        let series = series.methods[method.place()].get_or_init(|| self.add_method(method, route));
        series.answered[StatusClass::of(status).place()].inc();
        series.duration.observe(duration.as_secs_f64());
    }

    fn add_route(&self, route: &str) -> Arc<RouteSeries> {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(routes.entry(route.into()).or_default())
    }

    fn add_method(&self, method: HttpMethod, route: &str) -> MethodSeries {
        let labels: RouteLabels<2> = [(HttpMethod::NAME, method.shown().into()), ("route", route.into())];
        let answered = std::array::from_fn(|class| {
            let [method, route] = labels.clone();
            self.requests.get_or_create(&[method, route, (StatusClass::NAME, StatusClass::VALUES[class].into())]).clone()
        });
        MethodSeries { answered, duration: self.durations.get_or_create(&labels).clone() }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        register_labelled(registry, &HTTP_REQUESTS, &self.requests);
        register_labelled(registry, &HTTP_DURATION, &self.durations);
        register(registry, &HTTP_IN_FLIGHT, self.in_flight.clone());
    }
}
