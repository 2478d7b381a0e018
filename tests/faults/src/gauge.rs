//! What services tell of themselves at `/metrics`, over all replicas of a site.
use crate::{
    fleet,
    site::{SERVICES, Site},
};

/// Sum of a metric over all replicas and over every series that has the labels. Who does not answer counts 0, and counters begin at 0 again
/// with their process: compare sums only while no process is replaced.
pub async fn sum(site: &Site, name: &str, labels: &[(&str, &str)]) -> f64 {
    values(site, name, labels).await.iter().sum()
}

/// The largest value of a metric over all replicas; 0 when nobody answers.
pub async fn max(site: &Site, name: &str, labels: &[(&str, &str)]) -> f64 {
    values(site, name, labels).await.into_iter().fold(0.0, f64::max)
}

async fn values(site: &Site, name: &str, labels: &[(&str, &str)]) -> Vec<f64> {
    let mut ports = Vec::new();
    for service in SERVICES {
        ports.extend((0..site.plan.replicas).map(|replica| site.http(service, replica)));
    }
    // At once: a process that is stopped holds its own answer up, not the others'.
    let pages = futures::future::join_all(ports.into_iter().map(|port| fleet::get(port, "/metrics"))).await;
    pages.iter().flatten().flat_map(|page| read(page, name, labels)).collect()
}

/// The values of a metric's series on one page of the text format.
pub fn read(page: &str, name: &str, labels: &[(&str, &str)]) -> Vec<f64> {
    let told = |series: &str| labels.iter().all(|(key, value)| series.split(['{', ',', '}']).any(|l| l == format!("{key}=\"{value}\"")));
    page.lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with(['{', ' ']))
        .filter_map(|rest| rest.rsplit_once(' '))
        .filter(|(series, _)| told(series))
        .filter_map(|(_, value)| value.trim().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_told_from_one_whose_name_begins_alike_and_by_its_labels() {
        let page = "# TYPE retries counter\nretries_total{part=\"cargo\",service=\"risk\"} 3\nretries_total{part=\"parcels\",service=\"risk\"} 4\n\
                    retries_total_more{part=\"cargo\"} 9\nplain 2.5\n";
        assert_eq!(read(page, "retries_total", &[]), [3.0, 4.0]);
        assert_eq!(read(page, "retries_total", &[("part", "cargo"), ("service", "risk")]), [3.0]);
        assert_eq!(read(page, "plain", &[]), [2.5]);
    }
}
