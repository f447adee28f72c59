//! Ends the making of an answer that nobody waits for any more, or that has to wait for its turn.

use std::fmt;
use std::sync::Arc;

use super::StoreError;
use crate::cell::Test;

/// Is told how much is read for an answer and how much memory it takes, and says whether to go on.
pub trait ReadMeter: Send + Sync {
    /// So much more is to be read, as many cells take to be read that long, and so many bytes more are to be taken.
    ///
    /// # Errors
    /// [`StoreError::Interrupted`], [`StoreError::TooLarge`]
    fn goes_on(&self, cells: usize, bytes: usize) -> Result<(), StoreError>;
}

/// Looked at before each part of the work at an answer. As it is made by [`Default`] it never interrupts.
#[derive(Clone, Default)]
pub struct Interrupt(Option<Arc<dyn ReadMeter>>);

impl Interrupt {
    /// One that asks a meter.
    pub fn by(meter: Arc<dyn ReadMeter>) -> Interrupt {
        Interrupt(Some(meter))
    }

    /// To be called before so many cells are read.
    ///
    /// # Errors
    /// [`StoreError::Interrupted`], [`StoreError::TooLarge`]
    pub fn check(&self, cells: usize) -> Result<(), StoreError> {
        self.0.as_ref().map_or(Ok(()), |meter| meter.goes_on(cells, 0))
    }

    /// Tests a value. That takes its time: texts and expressions of a filter may be long.
    ///
    /// # Errors
    /// Those of [`Interrupt::check`].
    pub fn passes(&self, test: &Test, value: &str) -> Result<bool, StoreError> {
        self.check(test.work(value.len()))?;
        Ok(test.passes(value))
    }

    /// To be called before many bytes are taken at once, beside what the thread holds.
    ///
    /// # Errors
    /// [`StoreError::Interrupted`], [`StoreError::TooLarge`]
    pub fn make_room(&self, bytes: usize) -> Result<(), StoreError> {
        self.0.as_ref().map_or(Ok(()), |meter| meter.goes_on(0, bytes))
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupt")
    }
}
