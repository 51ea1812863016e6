//! Which file imports from which, and which files do so in a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::modules::Crate;
use crate::written::Written;

/// An import: a file uses what another file defines, or names that other file's module.
#[derive(Clone, Debug)]
pub struct Arrow {
    /// The importing file.
    pub from: usize,
    /// The file that it imports from.
    pub to: usize,
    /// The imported path, with the first line that has it.
    pub path: Written,
}

/// The arrows between the files of a crate.
#[derive(Debug)]
pub struct Graph {
    /// From a file to the file that defines what it uses.
    pub defining: Vec<Arrow>,
    /// From a file to the module that its path names, if that module only re-exports what another
    /// file defines.
    pub naming: Vec<Arrow>,
}

/// Files that all import each other, directly or through others.
#[derive(Debug)]
pub struct Circle {
    /// Those files.
    pub files: Vec<usize>,
    /// Every two of them that import each other directly, with both arrows. If there are no such
    /// two, the arrows of a shortest circle.
    pub ways: Vec<Vec<Arrow>>,
}

impl Graph {
    /// The arrows of a crate; from one file to another, the one with the first line.
    pub fn of(krate: &Crate) -> Self {
        let mut defining = BTreeMap::new();
        let mut naming = BTreeMap::new();
        for (index, module) in krate.modules.iter().enumerate() {
            let from = module.file;
            for path in &module.mentions.paths {
                let targets = krate.targets(index, path);
                let defined: BTreeSet<usize> =
                    targets.iter().map(|target| krate.modules[target.module()].file).collect();
                let named =
                    krate.literal_module(index, path).map(|named| krate.modules[named].file);
                for to in &defined {
                    add(&mut defining, Arrow { from, to: *to, path: path.clone() });
                }
                if let Some(to) = named.filter(|named| !defined.contains(named)) {
                    add(&mut naming, Arrow { from, to, path: path.clone() });
                }
            }
        }
        Self { defining: defining.into_values().collect(), naming: naming.into_values().collect() }
    }

    /// The circles, without arrows between a module and the modules around it.
    pub fn circles(&self, krate: &Crate) -> Vec<Circle> {
        let mut next = Next::new();
        for arrow in &self.defining {
            if !krate.are_related(arrow.from, arrow.to) {
                next.entry(arrow.from).or_default().insert(arrow.to, arrow);
            }
        }
        let reached: BTreeMap<usize, BTreeSet<usize>> =
            next.keys().map(|start| (*start, reached_from(*start, &next))).collect();
        let mut circles = Vec::new();
        let mut done = BTreeSet::new();
        for (start, ahead) in &reached {
            if !ahead.contains(start) || done.contains(start) {
                continue;
            }
            let back = |file: &usize| reached.get(file).is_some_and(|from| from.contains(start));
            let files: Vec<usize> = ahead.iter().copied().filter(back).collect();
            done.extend(files.iter().copied());
            circles.push(Circle { ways: ways(&files, &next), files });
        }
        circles
    }
}

/// The arrows from each file, by the file that they lead to.
type Next<'a> = BTreeMap<usize, BTreeMap<usize, &'a Arrow>>;

fn add(arrows: &mut BTreeMap<(usize, usize), Arrow>, arrow: Arrow) {
    if arrow.from == arrow.to {
        return;
    }
    let first = arrows.entry((arrow.from, arrow.to)).or_insert_with(|| arrow.clone());
    if arrow.path.line < first.path.line {
        *first = arrow;
    }
}

fn reached_from(start: usize, next: &Next<'_>) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![start];
    while let Some(file) = ahead.pop() {
        for to in next.get(&file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*to) {
                ahead.push(*to);
            }
        }
    }
    reached
}

fn ways(files: &[usize], next: &Next<'_>) -> Vec<Vec<Arrow>> {
    let arrow = |from, to| next.get(from).and_then(|arrows| arrows.get(to)).copied();
    let mut ways = Vec::new();
    for (index, one) in files.iter().enumerate() {
        for other in &files[index + 1..] {
            if let (Some(there), Some(back)) = (arrow(one, other), arrow(other, one)) {
                ways.push(vec![there.clone(), back.clone()]);
            }
        }
    }
    if ways.is_empty() {
        ways.extend(files.iter().map(|file| shortest(*file, next)).min_by_key(Vec::len));
    }
    ways
}

/// The arrows of a shortest way from a file back to itself.
fn shortest(start: usize, next: &Next<'_>) -> Vec<Arrow> {
    let mut came_by: BTreeMap<usize, &Arrow> = BTreeMap::new();
    let mut ahead = VecDeque::from([start]);
    while let Some(file) = ahead.pop_front() {
        for (to, arrow) in next.get(&file).into_iter().flatten() {
            if !came_by.contains_key(to) {
                came_by.insert(*to, arrow);
                ahead.push_back(*to);
            }
        }
    }
    let mut way = Vec::new();
    let mut file = start;
    while let Some(arrow) = came_by.get(&file) {
        way.push((*arrow).clone());
        file = arrow.from;
        if file == start {
            break;
        }
    }
    way.reverse();
    way
}
