//! What a step leaves behind besides its picture, on the wire.

use poem_openapi::Object;
use synmon_core::{
    browser::{CandidateMatches, ConsoleError, Exchange, NavigationTiming, WebVitals},
    run::{Evidence, Healed, PictureFacts},
    step::PartOf,
};
use uuid::Uuid;

/// What a step leaves behind besides its picture; what is not there was not seen, or can't be by
/// this browser.
#[derive(Object)]
#[oai(rename = "Evidence", skip_serializing_if_is_none)]
pub(crate) struct EvidenceView {
    /// The step of another flow that it was, if `use_flow` brought it here.
    part_of: Option<PartOfView>,
    /// The ways to find the element, if the step names any but an XPath.
    selectors: Option<Vec<String>>,
    /// How the element was found, if not in the first way that the step names.
    healed: Option<HealedView>,
    /// How often it was tried again.
    retried: u32,
    /// What `extract` has kept.
    extracted: Option<String>,
    /// With which HTTP status the tab's document came.
    http_status: Option<u16>,
    /// How the tab's document was loaded.
    navigation: Option<NavigationView>,
    /// What a person has noticed of its loading.
    vitals: Option<VitalsView>,
    /// Errors that the page logged meanwhile: the first 20.
    console_errors: Vec<ConsoleErrorView>,
    /// How many requests ended meanwhile.
    requests: u32,
    /// Those that failed, and those that took longer than a second: the first 20.
    remarkable_requests: Vec<RequestView>,
    /// How many console errors and requests are not listed because there were too many.
    dropped: u32,
    /// What each way to find the element found, if the step failed.
    candidates: Vec<CandidateView>,
    /// The page's html around the element, or around where it should be, if the step failed;
    /// without scripts and without what fields hold.
    html: Option<String>,
    /// What is known of the picture.
    picture: Option<PictureView>,
}

/// The step of another flow that a step was.
#[derive(Object)]
#[oai(rename = "PartOf")]
struct PartOfView {
    flow_id: Uuid,
    flow_name: String,
    /// Its number there.
    number: u32,
    /// The number of the step of the running flow that named it.
    used_by: u32,
}

/// How an element was found, if not in the first way that the step names.
#[derive(Object)]
#[oai(rename = "Healed")]
struct HealedView {
    /// The way that found it.
    selector: String,
    /// Its place among the step's ways, from 1 on.
    candidate: usize,
}

/// How a document was loaded, in milliseconds since its navigation began.
#[derive(Object)]
#[oai(rename = "NavigationTiming")]
#[expect(clippy::struct_field_names, reason = "the unit is part of the wire's names")]
struct NavigationView {
    /// When the first byte came.
    ttfb_ms: f64,
    /// When the document could be used.
    dom_content_loaded_ms: f64,
    /// When all was loaded.
    load_ms: f64,
}

/// What a person notices of a page's loading.
#[derive(Object)]
#[oai(rename = "WebVitals", skip_serializing_if_is_none)]
struct VitalsView {
    /// First contentful paint.
    fcp_ms: Option<f64>,
    /// Largest contentful paint so far.
    lcp_ms: Option<f64>,
    /// Cumulative layout shift so far, a score.
    cls: Option<f64>,
}

/// An error that the page has logged.
#[derive(Object)]
#[oai(rename = "ConsoleError", skip_serializing_if_is_none)]
struct ConsoleErrorView {
    /// What it says.
    text: String,
    /// The script or the resource that it is about.
    source: Option<String>,
}

/// A request of the page, and what came of it.
#[derive(Object)]
#[oai(rename = "PageRequest", skip_serializing_if_is_none)]
struct RequestView {
    url: String,
    method: String,
    /// What it was for: `Document`, `Script`, `XHR`, `Fetch`, `Image` and so on.
    kind: String,
    /// The HTTP status, if there was an answer.
    status: Option<u16>,
    /// Why it failed, in the browser's own words.
    failure: Option<String>,
    /// How long it took, to the last byte.
    duration_ms: f64,
    /// How many bytes came over the wire.
    bytes: Option<u64>,
    media_type: Option<String>,
}

/// What one way to find an element found.
#[derive(Object)]
#[oai(rename = "CandidateMatches", skip_serializing_if_is_none)]
struct CandidateView {
    selector: String,
    /// How many elements.
    matches: usize,
    /// How many of them can be seen.
    visible: usize,
    /// Why it can't be read, if it can't.
    invalid: Option<String>,
}

/// What is known of a picture.
#[derive(Object)]
#[oai(rename = "PictureFacts")]
struct PictureView {
    /// How large the file is.
    bytes: u64,
    /// The file's SHA-256, in hexadecimal.
    sha256: String,
}

impl From<Evidence> for EvidenceView {
    fn from(evidence: Evidence) -> Self {
        Self {
            part_of: evidence.part_of.map(PartOfView::from),
            selectors: evidence.selectors,
            healed: evidence
                .healed
                .map(|Healed { selector, candidate }| HealedView { selector, candidate }),
            retried: evidence.retried,
            extracted: evidence.extracted,
            http_status: evidence.http_status,
            navigation: evidence.navigation.map(NavigationView::from),
            vitals: evidence.vitals.map(|WebVitals { fcp_ms, lcp_ms, cls }| VitalsView {
                fcp_ms,
                lcp_ms,
                cls,
            }),
            console_errors: evidence
                .console_errors
                .into_iter()
                .map(|ConsoleError { text, source }| ConsoleErrorView { text, source })
                .collect(),
            requests: evidence.requests,
            remarkable_requests: evidence
                .remarkable_requests
                .into_iter()
                .map(RequestView::from)
                .collect(),
            dropped: evidence.dropped,
            candidates: evidence.candidates.into_iter().map(CandidateView::from).collect(),
            html: evidence.html,
            picture: evidence
                .picture
                .map(|PictureFacts { bytes, sha256 }| PictureView { bytes, sha256 }),
        }
    }
}

impl From<PartOf> for PartOfView {
    fn from(part_of: PartOf) -> Self {
        let PartOf { flow_id, flow_name, number, used_by } = part_of;
        Self { flow_id: flow_id.uuid(), flow_name, number, used_by }
    }
}

impl From<NavigationTiming> for NavigationView {
    fn from(timing: NavigationTiming) -> Self {
        let NavigationTiming { ttfb_ms, dom_content_loaded_ms, load_ms } = timing;
        Self { ttfb_ms, dom_content_loaded_ms, load_ms }
    }
}

impl From<Exchange> for RequestView {
    fn from(exchange: Exchange) -> Self {
        let Exchange { url, method, kind, status, failure, duration_ms, bytes, media_type, .. } =
            exchange;
        Self { url, method, kind, status, failure, duration_ms, bytes, media_type }
    }
}

impl From<CandidateMatches> for CandidateView {
    fn from(found: CandidateMatches) -> Self {
        let CandidateMatches { selector, matches, visible, invalid } = found;
        Self { selector, matches, visible, invalid }
    }
}
