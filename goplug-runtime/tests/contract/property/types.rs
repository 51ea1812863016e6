//! A small language of types, as serde has them.

use super::dice::Dice;

pub(super) const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
pub(super) const VARIANTS: [&str; 5] = ["A", "B", "C", "D", "E"];
pub(super) const TAG: &str = "type";
pub(super) const CONTENT: &str = "content";

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    Unit,
    Bool,
    Integer(Integer),
    F32,
    F64,
    Text,
    Character,
    Optional(Box<Type>),
    List(Box<Type>),
    Set(Box<Type>),
    Tuple(Vec<Type>),
    Array(Box<Type>, usize),
    Map(Key, Box<Type>),
    Struct(Struct),
    Enum(Tagging, Vec<(&'static str, Content)>),
    /// `struct Chain { value: T, next: Option<Box<Chain>> }`
    Chain(Box<Type>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Integer {
    U8,
    I8,
    U16,
    I32,
    U32,
    I64,
    U64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Key {
    Text,
    Natural,
    Signed,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Struct {
    pub(super) fields: Vec<Field>,
    pub(super) denies: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) ty: Type,
    /// `#[serde(default)]`
    pub(super) defaults: bool,
    /// `#[serde(skip_serializing_if = "…")]`
    pub(super) skips: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Tagging {
    External,
    Internal,
    Adjacent,
    Untagged,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Unit,
    One(Type),
    Fields(Struct),
}

impl Integer {
    pub(super) const ALL: [Self; 7] =
        [Self::U8, Self::I8, Self::U16, Self::I32, Self::U32, Self::I64, Self::U64];

    pub(super) fn range(self) -> (i128, i128) {
        match self {
            Self::U8 => (0, u8::MAX.into()),
            Self::I8 => (i8::MIN.into(), i8::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::I32 => (i32::MIN.into(), i32::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::I64 => (i64::MIN.into(), i64::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
        }
    }
}

impl Type {
    pub(super) fn random(dice: &mut Dice, depth: usize) -> Self {
        if depth == 0 || dice.one_in(4) {
            return Self::leaf(dice);
        }
        let inner = |dice: &mut Dice| Box::new(Self::random(dice, depth - 1));
        match dice.below(11) {
            0 => Self::Optional(inner(dice)),
            1 => Self::List(inner(dice)),
            2 => Self::Set(Box::new(Self::leaf(dice))),
            3 => {
                let count = 1 + dice.below(3);
                Self::Tuple((0..count).map(|_| Self::random(dice, depth - 1)).collect())
            }
            4 => Self::Array(inner(dice), 1 + dice.below(3)),
            5 => Self::Map(dice.pick(&[Key::Text, Key::Natural, Key::Signed]), inner(dice)),
            6 => Self::Chain(inner(dice)),
            7 | 8 => Self::Struct(Struct::random(dice, depth - 1)),
            _ => Self::random_enum(dice, depth - 1),
        }
    }

    pub(super) fn leaf(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0 => Self::Unit,
            1 => Self::Bool,
            2 => Self::F32,
            3 => Self::F64,
            4 | 5 => Self::Text,
            6 => Self::Character,
            _ => Self::Integer(dice.pick(&Integer::ALL)),
        }
    }

    fn random_enum(dice: &mut Dice, depth: usize) -> Self {
        let tagging = dice.pick(&[
            Tagging::External,
            Tagging::Internal,
            Tagging::Adjacent,
            Tagging::Untagged,
        ]);
        let count = 1 + dice.below(4);
        let variants = VARIANTS[..count].iter();
        Self::Enum(
            tagging,
            variants.map(|name| (*name, Content::random(tagging, dice, depth))).collect(),
        )
    }
}

impl Struct {
    pub(super) fn random(dice: &mut Dice, depth: usize) -> Self {
        let count = dice.below(4);
        let fields = NAMES[..count].iter().map(|name| Field::random(name, dice, depth)).collect();
        Self { fields, denies: dice.one_in(5) }
    }
}

impl Field {
    pub(super) fn random(name: &'static str, dice: &mut Dice, depth: usize) -> Self {
        let mut ty = Type::random(dice, depth);
        if dice.one_in(4) {
            ty = Type::Optional(Box::new(ty));
        }
        let defaults = dice.one_in(4);
        // What may be left out has to be read when it is.
        let skips = (defaults || matches!(ty, Type::Optional(_))) && dice.one_in(3);
        Self { name, ty, defaults, skips }
    }
}

impl Content {
    pub(super) fn random(tagging: Tagging, dice: &mut Dice, depth: usize) -> Self {
        match dice.below(3) {
            0 if tagging != Tagging::Untagged => Self::Unit,
            // An internal tag needs an object to stand in.
            1 if tagging != Tagging::Internal => Self::One(Type::random(dice, depth)),
            _ => Self::Fields(Struct { denies: false, ..Struct::random(dice, depth) }),
        }
    }
}
