//! Answers of the desk: pages, other places, and what is neither.
//!
//! In: HTML, a path, a status. Out: an answer with its headers. Never: one that anybody keeps.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::{protect, set};

/// A page of the desk: nobody keeps it.
pub(super) fn page(status: StatusCode, html: String) -> Response {
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    protect(headers);
    // Without it a form would not say where it comes from.
    set(headers, header::REFERRER_POLICY, "same-origin");
    set(headers, header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(headers, header::CACHE_CONTROL, "no-store");
    response
}

/// An answer without a page.
pub(super) fn refusal(status: StatusCode) -> Response {
    let mut response = status.into_response();
    protect(response.headers_mut());
    set(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    response
}

/// What a change ends with: a page that can be loaded again.
pub(super) fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    protect(headers);
    set(headers, header::LOCATION, path);
    set(headers, header::CACHE_CONTROL, "no-store");
    response
}
