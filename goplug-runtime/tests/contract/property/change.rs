//! Changes as authors make them.

use super::dice::Dice;
use super::types::{Content, Field, Integer, NAMES, Struct, Tagging, Type, VARIANTS};

/// Changes the type somewhere.
pub(super) fn change(ty: &mut Type, dice: &mut Dice) {
    if dice.one_in(3) {
        here(ty, dice);
        return;
    }
    match ty {
        Type::Optional(inner)
        | Type::List(inner)
        | Type::Array(inner, _)
        | Type::Map(_, inner)
        | Type::Chain(inner) => change(inner, dice),
        Type::Tuple(places) => {
            let at = dice.below(places.len());
            change(&mut places[at], dice);
        }
        Type::Struct(fields) => change_struct(fields, dice),
        Type::Enum(tagging, variants) => {
            let at = dice.below(variants.len());
            match &mut variants[at].1 {
                Content::One(inner) => change(inner, dice),
                Content::Fields(fields) => change_struct(fields, dice),
                unit @ Content::Unit => *unit = Content::random(*tagging, dice, 0),
            }
        }
        _ => here(ty, dice),
    }
}

fn change_struct(fields: &mut Struct, dice: &mut Dice) {
    let count = fields.fields.len();
    if count == 0 || dice.one_in(2) {
        here_struct(fields, dice);
    } else {
        let at = dice.below(count);
        let field = &mut fields.fields[at];
        match dice.below(3) {
            0 => {
                field.defaults = !field.defaults;
                field.skips = false;
            }
            _ => {
                change(&mut field.ty, dice);
                field.skips &= field.defaults || matches!(field.ty, Type::Optional(_));
            }
        }
    }
}

fn here_struct(fields: &mut Struct, dice: &mut Dice) {
    let unused = |fields: &Struct| {
        NAMES.into_iter().find(|name| fields.fields.iter().all(|field| field.name != *name))
    };
    let count = fields.fields.len();
    match dice.below(5) {
        0 if count > 0 => {
            let at = dice.below(count);
            fields.fields.remove(at);
        }
        1 if count > 0 => {
            let at = dice.below(count);
            if let Some(name) = unused(fields) {
                fields.fields[at].name = name;
            }
        }
        2 => fields.denies = !fields.denies,
        3 => fields.fields.reverse(),
        _ => {
            if let Some(name) = unused(fields) {
                fields.fields.push(Field::random(name, dice, 1));
            }
        }
    }
}

fn here(ty: &mut Type, dice: &mut Dice) {
    if dice.one_in(6) {
        *ty = Type::random(dice, 1);
        return;
    }
    match ty {
        Type::Integer(integer) => *integer = dice.pick(&Integer::ALL),
        Type::F32 => *ty = Type::F64,
        Type::F64 => *ty = Type::Integer(Integer::I64),
        Type::Text => *ty = Type::Character,
        Type::Optional(inner) => *ty = (**inner).clone(),
        Type::List(inner) if dice.one_in(2) => *ty = Type::Array(inner.clone(), 2),
        Type::Set(inner) => *ty = Type::List(inner.clone()),
        Type::Tuple(places) => places.push(Type::leaf(dice)),
        Type::Array(_, count) => *count += 1,
        Type::Map(key, _) => {
            *key = dice.pick(&[super::types::Key::Text, super::types::Key::Natural])
        }
        Type::Struct(fields) => here_struct(fields, dice),
        Type::Enum(tagging, variants) => here_enum(tagging, variants, dice),
        _ => *ty = Type::Optional(Box::new(ty.clone())),
    }
}

fn here_enum(tagging: &mut Tagging, variants: &mut Vec<(&'static str, Content)>, dice: &mut Dice) {
    let unused = VARIANTS.into_iter().find(|name| variants.iter().all(|(known, _)| known != name));
    let at = dice.below(variants.len());
    match (dice.below(5), unused) {
        (0, _) if variants.len() > 1 => {
            variants.remove(at);
        }
        (1, Some(name)) => variants[at].0 = name,
        (2, _) => variants.reverse(),
        (3, _) if variants.iter().all(|(_, content)| matches!(content, Content::Fields(_))) => {
            *tagging = dice.pick(&[Tagging::External, Tagging::Internal, Tagging::Untagged]);
        }
        (_, Some(name)) => variants.push((name, Content::random(*tagging, dice, 0))),
        _ => {}
    }
}
