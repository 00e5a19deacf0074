//! OpenMetrics 1.0 text, for scrapers that prefer it to the older format.
//!
//! It differs from text 0.0.4 in the counters' family names (without `_total`), the bounds of
//! buckets (always with a fraction), the escapes in help texts, and the end mark. Exemplars
//! are not written.
//! Source: the OpenMetrics specification 1.0, sections "Text format" and "Counter".

use std::fmt::Write;

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

/// The format's media type.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All families, ended by the mark that tells a whole answer from a broken one.
pub fn encode(families: &[MetricFamily]) -> String {
    let mut out = String::new();
    for family in families {
        write_family(&mut out, family);
    }
    out.push_str("# EOF\n");
    out
}

fn write_family(out: &mut String, family: &MetricFamily) {
    let full = family.name();
    let (name, kind) = match family.get_field_type() {
        MetricType::COUNTER => (full.strip_suffix("_total").unwrap_or(full), "counter"),
        MetricType::GAUGE => (full, "gauge"),
        MetricType::HISTOGRAM => (full, "histogram"),
        MetricType::SUMMARY => (full, "summary"),
        MetricType::UNTYPED => (full, "unknown"),
    };
    line(out, format_args!("# TYPE {name} {kind}"));
    if !family.help().is_empty() {
        line(
            out,
            format_args!("# HELP {name} {}", escaped(family.help())),
        );
    }
    for metric in family.get_metric() {
        match family.get_field_type() {
            MetricType::COUNTER => {
                let value = metric.get_counter().get_value();
                sample(out, name, "_total", metric, None, number(value));
            }
            MetricType::GAUGE => {
                let value = metric.get_gauge().get_value();
                sample(out, name, "", metric, None, number(value));
            }
            MetricType::HISTOGRAM => write_histogram(out, name, metric),
            MetricType::SUMMARY => write_summary(out, name, metric),
            // The registry's collectors make none: its client has no untyped metric.
            MetricType::UNTYPED => {}
        }
    }
}

fn write_histogram(out: &mut String, name: &str, metric: &Metric) {
    let histogram = metric.get_histogram();
    for bucket in histogram.get_bucket() {
        let bound = fraction(bucket.upper_bound());
        let count = bucket.cumulative_count().to_string();
        sample(out, name, "_bucket", metric, Some(("le", &bound)), count);
    }
    let count = histogram.get_sample_count().to_string();
    let infinite = histogram
        .get_bucket()
        .last()
        .is_some_and(|bucket| bucket.upper_bound() == f64::INFINITY);
    if !infinite {
        sample(
            out,
            name,
            "_bucket",
            metric,
            Some(("le", "+Inf")),
            count.clone(),
        );
    }
    let sum = number(histogram.get_sample_sum());
    sample(out, name, "_sum", metric, None, sum);
    sample(out, name, "_count", metric, None, count);
}

fn write_summary(out: &mut String, name: &str, metric: &Metric) {
    let summary = metric.get_summary();
    for quantile in summary.get_quantile() {
        let rank = fraction(quantile.quantile());
        let value = number(quantile.value());
        sample(out, name, "", metric, Some(("quantile", &rank)), value);
    }
    let sum = number(summary.sample_sum());
    sample(out, name, "_sum", metric, None, sum);
    let count = summary.sample_count().to_string();
    sample(out, name, "_count", metric, None, count);
}

fn sample(
    out: &mut String,
    name: &str,
    suffix: &str,
    metric: &Metric,
    further: Option<(&str, &str)>,
    value: String,
) {
    let labels = metric.get_label().iter().map(pair);
    let further = further.map(|(label, value)| format!("{label}=\"{value}\""));
    let labels: Vec<String> = labels.chain(further).collect();
    if labels.is_empty() {
        line(out, format_args!("{name}{suffix} {value}"));
    } else {
        line(
            out,
            format_args!("{name}{suffix}{{{}}} {value}", labels.join(",")),
        );
    }
}

fn pair(label: &LabelPair) -> String {
    format!("{}=\"{}\"", label.name(), escaped(label.value()))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('"', "\\\"")
}

/// A value as briefly as it can be read back.
fn number(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else {
        value.to_string()
    }
}

/// A bound, always with a fraction: `1.0`, as the specification's canonical form asks.
fn fraction(bound: f64) -> String {
    if bound.is_finite() && bound.fract() == 0.0 {
        format!("{bound:.1}")
    } else {
        number(bound)
    }
}

fn line(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry};

    #[test]
    fn every_kind_is_written_as_the_specification_says() {
        let registry = Registry::new();
        let counter =
            IntCounterVec::new(Opts::new("rei_things_total", "Things \"done\"."), &["kind"])
                .unwrap();
        counter.with_label_values(&["a\"b\\c\nd"]).inc_by(3);
        let gauge = IntGauge::new("rei_depth", "Depth.").unwrap();
        gauge.set(-2);
        let options = HistogramOpts::new("rei_wait_seconds", "Wait.").buckets(vec![0.5, 180.0]);
        let histogram = Histogram::with_opts(options).unwrap();
        histogram.observe(0.25);
        histogram.observe(200.0);
        registry.register(Box::new(counter)).unwrap();
        registry.register(Box::new(gauge)).unwrap();
        registry.register(Box::new(histogram)).unwrap();
        let expected = r##"# TYPE rei_depth gauge
# HELP rei_depth Depth.
rei_depth -2
# TYPE rei_things counter
# HELP rei_things Things \"done\".
rei_things_total{kind="a\"b\\c\nd"} 3
# TYPE rei_wait_seconds histogram
# HELP rei_wait_seconds Wait.
rei_wait_seconds_bucket{le="0.5"} 1
rei_wait_seconds_bucket{le="180.0"} 1
rei_wait_seconds_bucket{le="+Inf"} 2
rei_wait_seconds_sum 200.25
rei_wait_seconds_count 2
# EOF
"##;
        assert_eq!(encode(&registry.gather()), expected);
    }
}
