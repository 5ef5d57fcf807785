//! What a function returns, and what its arguments are called.

use syn::{
    FnArg, GenericArgument, Ident, Pat, PathArguments, ReturnType, Signature, Type, TypeImplTrait,
    TypeParamBound, TypePath,
};

/// How the end of a call is noticed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// When the function returns.
    Value,
    /// When the future that it returns is done.
    Future,
    /// When the stream that it returns has ended.
    Stream,
}

/// What a function returns.
pub(crate) struct Returned {
    pub(crate) shape: Shape,
    /// It is in a `Pin<Box<…>>`.
    pub(crate) is_boxed: bool,
    /// There is nothing to record.
    pub(crate) is_unit: bool,
    /// It can be named in an expression.
    pub(crate) is_nameable: bool,
}

impl Returned {
    pub(crate) fn of(signature: &Signature) -> Returned {
        let ReturnType::Type(_, returned) = &signature.output else {
            return Returned { shape: Shape::Value, is_boxed: false, is_unit: true, is_nameable: true };
        };
        let (inner, is_boxed) = unboxed(returned).map_or((&**returned, false), |inner| (inner, true));
        let shape = match inner {
            Type::ImplTrait(TypeImplTrait { bounds, .. }) => shape_of(bounds.iter()),
            Type::TraitObject(object) if is_boxed => shape_of(object.bounds.iter()),
            _ => Shape::Value,
        };
        let is_unit = matches!(&**returned, Type::Tuple(tuple) if tuple.elems.is_empty());
        Returned {
            shape,
            is_boxed: is_boxed && shape != Shape::Value,
            is_unit,
            is_nameable: !has_impl(returned),
        }
    }
}

fn shape_of<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>) -> Shape {
    for bound in bounds {
        let TypeParamBound::Trait(bound) = bound else { continue };
        match bound.path.segments.last().map(|segment| segment.ident.to_string()).as_deref() {
            Some("Future") => return Shape::Future,
            Some("Stream") => return Shape::Stream,
            _ => {}
        }
    }
    Shape::Value
}

/// Returns `T` of `Pin<Box<T>>`.
fn unboxed(returned: &Type) -> Option<&Type> {
    argument_of(argument_of(returned, "Pin")?, "Box")
}

fn argument_of<'t>(outer: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(TypePath { path, .. }) = outer else { return None };
    let last = path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}

/// Says whether `impl Trait` is anywhere in a type.
fn has_impl(returned: &Type) -> bool {
    match returned {
        Type::ImplTrait(_) => true,
        Type::Tuple(tuple) => tuple.elems.iter().any(has_impl),
        Type::Reference(reference) => has_impl(&reference.elem),
        Type::Array(array) => has_impl(&array.elem),
        Type::Slice(slice) => has_impl(&slice.elem),
        Type::Paren(paren) => has_impl(&paren.elem),
        Type::Group(group) => has_impl(&group.elem),
        Type::Path(TypePath { path, .. }) => path.segments.iter().any(|segment| {
            let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return false };
            arguments
                .args
                .iter()
                .any(|argument| matches!(argument, GenericArgument::Type(inner) if has_impl(inner)))
        }),
        _ => false,
    }
}

/// Returns the names of the arguments but `self`.
pub(crate) fn arguments(signature: &Signature) -> Vec<Ident> {
    let mut names = Vec::new();
    for argument in &signature.inputs {
        if let FnArg::Typed(typed) = argument {
            names_in(&typed.pat, &mut names);
        }
    }
    names
}

fn names_in(pattern: &Pat, names: &mut Vec<Ident>) {
    match pattern {
        Pat::Ident(named) => names.push(named.ident.clone()),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|element| names_in(element, names)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|element| names_in(element, names)),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| names_in(&field.pat, names)),
        Pat::Slice(slice) => slice.elems.iter().for_each(|element| names_in(element, names)),
        Pat::Reference(reference) => names_in(&reference.pat, names),
        Pat::Paren(paren) => names_in(&paren.pat, names),
        _ => {}
    }
}
