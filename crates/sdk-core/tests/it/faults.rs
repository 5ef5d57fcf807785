//! What never hurts the application.
