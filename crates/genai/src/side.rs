//! The two sides of a span.

/// Which way a value went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Into the span, to the model.
    Input,
    /// Out of it.
    Output,
}

impl Side {
    /// Returns the role of a text that has none.
    pub(crate) fn role(self) -> &'static str {
        match self {
            Side::Input => "user",
            Side::Output => "assistant",
        }
    }
}

/// Something of each side.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sides<T> {
    pub(crate) input: T,
    pub(crate) output: T,
}

impl<T> Sides<T> {
    pub(crate) fn get(&self, side: Side) -> &T {
        match side {
            Side::Input => &self.input,
            Side::Output => &self.output,
        }
    }

    pub(crate) fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Input => &mut self.input,
            Side::Output => &mut self.output,
        }
    }
}
