//! One integration binary; modules are named by the property or failure they guard.
