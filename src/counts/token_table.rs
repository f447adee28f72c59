//! In: tokens, in the order in which they came. Out: the place of each. Forgets: all of them with their day.

use hashbrown::HashTable;

use crate::cell::Blocks;
use crate::hit::token::Token;

/// Tokens in order, each once. Beside them only the place of each is kept, 4 bytes instead of 12.
#[derive(Debug, Default)]
pub(super) struct TokenTable {
    tokens: Blocks<Token>,
    places: HashTable<u32>,
}

/// Tokens are uniform already, and nobody can choose them; their bits are the hash.
fn hash(token: Token) -> u64 {
    token.bits()
}

impl TokenTable {
    /// All of them, which cost little to copy.
    pub(super) fn tokens(&self) -> &Blocks<Token> {
        &self.tokens
    }

    /// Where a token is.
    pub(super) fn place(&self, token: Token) -> Option<usize> {
        let place = self.places.find(hash(token), |place| self.tokens.get(*place as usize) == Some(&token))?;
        Some(*place as usize)
    }

    /// Adds one that is not there.
    pub(super) fn push(&mut self, token: Token) {
        if self.places.len() == self.places.capacity() {
            self.grow();
        }
        let (place, tokens) = (self.tokens.push(token) as u32, &self.tokens);
        self.places.insert_unique(hash(token), place, |place| hash(tokens[*place as usize]));
    }

    /// Doubles the table. Tokens are read in their order: in the table's they would lie all over memory.
    fn grow(&mut self) {
        let mut places = HashTable::with_capacity(2 * self.tokens.len());
        for (place, token) in (0..).zip(self.tokens.iter()) {
            places.insert_unique(hash(*token), place, |place: &u32| hash(self.tokens[*place as usize]));
        }
        self.places = places;
    }
}

impl From<Blocks<Token>> for TokenTable {
    fn from(tokens: Blocks<Token>) -> TokenTable {
        let mut table = TokenTable { tokens, places: HashTable::new() };
        table.grow();
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_its_place_however_many_there_are() {
        // The lower bits of all are alike, as those of no hash are.
        let token = |number: u64| Token::from_bits(number << 40 | 7);
        let mut table = TokenTable::default();
        for number in 0..3_000 {
            assert_eq!(table.place(token(number)), None);
            table.push(token(number));
            assert_eq!(table.place(token(number)), Some(number as usize));
        }
        for table in [TokenTable::from(table.tokens.clone()), table] {
            assert!((0..3_000).all(|number| table.place(token(number)) == Some(number as usize)));
            assert_eq!((table.place(token(3_000)), table.tokens().len()), (None, 3_000));
        }
    }
}
