//! Answers of the desk: pages, other places, and what is neither.
//!
//! In: HTML, a path, a status. Out: an answer with its headers. Never: one that anybody
//! keeps, or that a window of somebody else holds.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::{protect, set};

/// A page of the desk.
pub(super) fn page(status: StatusCode, html: String) -> Response {
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    guard(headers);
    // Without it a form would not say where it comes from.
    set(headers, header::REFERRER_POLICY, "same-origin");
    set(headers, header::CONTENT_TYPE, "text/html; charset=utf-8");
    response
}

/// An answer without a page.
pub(super) fn refusal(status: StatusCode) -> Response {
    let mut response = status.into_response();
    guard(response.headers_mut());
    response
}

/// What a change ends with: a page that can be loaded again.
pub(super) fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    guard(headers);
    set(headers, header::LOCATION, path);
    response
}

/// What every answer of the desk says about what may be done with it.
fn guard(headers: &mut HeaderMap) {
    protect(headers);
    // Open pages are without: they show nothing that is not open, and a browser that comes from
    // elsewhere would have to start another process before it paints the first of them.
    set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(headers, header::CACHE_CONTROL, "no-store");
}
