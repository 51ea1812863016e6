//! Filters of system calls as programs of classic BPF, which the kernel runs at each call.
//!
//! The calls are in a tree by their numbers. The kernel runs a new program once for each number, to find the
//! calls that it always allows and need not ask it about; a list would make that the longest part of a start.

use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_JSET, BPF_K, BPF_LD,
    BPF_MISC, BPF_RET, BPF_TAX, BPF_W, BPF_X, c_int, c_long, seccomp_data, sock_filter,
};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transport::unix::linux) enum Answer {
    Allow,
    /// It does nothing and fails with this error.
    Error(c_int),
    /// The host is told, and decides.
    Notify,
}

/// A condition on an argument of a call, which has an index. The lower half of the argument counts: it is
/// all that the kernel takes of an `int`, and it holds every flag that is asked for here.
#[derive(Clone, Copy, Debug)]
pub(super) enum If {
    Is(u32, u32),
    IsNot(u32, u32),
    /// It has one of these bits, or several.
    Has(u32, u32),
    /// These bits of it have this value.
    BitsAre(u32, u32, u32),
    /// It is another value than this other argument.
    DiffersFrom(u32, u32),
}

/// What becomes of a call: the answer of the first case whose conditions all hold.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) call: u32,
    pub(super) cases: Vec<(Vec<If>, Answer)>,
    pub(super) otherwise: Answer,
}

impl Rule {
    /// Answers this call in the same way whatever its arguments are.
    pub(super) fn always(call: c_long, answer: Answer) -> Self {
        Self::cases(call, Vec::new(), answer)
    }

    /// Refuses this call with `EPERM` if all of these conditions hold.
    pub(super) fn refused_if(call: c_long, conditions: &[If]) -> Self {
        let case = (conditions.to_vec(), Answer::Error(libc::EPERM));
        Self::cases(call, vec![case], Answer::Allow)
    }

    /// The answer to a call with these arguments.
    pub(super) fn answer(&self, arguments: &[u64; 6]) -> Answer {
        let holds = |(conditions, _): &&(Vec<If>, Answer)| {
            conditions.iter().all(|condition| condition.holds(arguments))
        };
        self.cases.iter().find(holds).map_or(self.otherwise, |(_, answer)| *answer)
    }

    fn is_constant(&self) -> bool {
        self.cases.is_empty()
    }

    pub(super) fn cases(call: c_long, cases: Vec<(Vec<If>, Answer)>, otherwise: Answer) -> Self {
        // No number of a call is negative, or has more than 32 bits.
        Self { call: call as u32, cases, otherwise }
    }
}

/// How many calls are compared with one after the other: the kernel takes longer for each instruction of a new
/// program than for running a few.
const LEAF: usize = 6;

/// The program for these rules. Calls without a rule are allowed. Calls of another architecture, and
/// numbers beyond the last one, fail with `ENOSYS`: as on a kernel that does not know them.
pub(super) fn program(architecture: u32, last: u32, mut rules: Vec<Rule>) -> Vec<sock_filter> {
    rules.sort_by_key(|rule| rule.call);
    let mut ranges: Vec<Range> = Vec::new();
    for rule in rules {
        match ranges.last_mut() {
            Some(range) if range.continues_with(&rule) => range.last = rule.call,
            _ => ranges.push(Range { last: rule.call, rule }),
        }
    }
    let unknown = answer(Answer::Error(libc::ENOSYS));
    let mut program = vec![
        load(std::mem::offset_of!(seccomp_data, arch)),
        jump(BPF_JEQ | BPF_K, architecture, 1, 0),
        unknown,
        load(std::mem::offset_of!(seccomp_data, nr)),
        jump(BPF_JGT | BPF_K, last, 0, 1),
        unknown,
    ];
    program.extend(tree(&ranges));
    program
}

/// Calls with consecutive numbers that are all answered in the same way; mostly a single call.
struct Range {
    /// The rule of the first.
    rule: Rule,
    last: u32,
}

impl Range {
    fn continues_with(&self, next: &Rule) -> bool {
        let alike = self.rule.is_constant() && next.is_constant();
        alike && self.last + 1 == next.call && self.rule.otherwise == next.otherwise
    }
}

/// Finds the rule for the number that was loaded, and answers.
fn tree(ranges: &[Range]) -> Vec<sock_filter> {
    if ranges.len() <= LEAF {
        return leaf(ranges);
    }
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let (first_of_upper, lower) = (upper.first().map_or(0, |range| range.rule.call), tree(lower));
    let mut code = match u8::try_from(lower.len()) {
        Ok(distance) => vec![jump(BPF_JGE | BPF_K, first_of_upper, distance, 0)],
        // Conditional jumps reach no further.
        Err(_) => vec![jump(BPF_JGE | BPF_K, first_of_upper, 0, 1), skip(lower.len())],
    };
    code.extend(lower);
    code.extend(tree(upper));
    code
}

/// Compares with a few ranges, and has their answers behind the comparisons.
fn leaf(ranges: &[Range]) -> Vec<sock_filter> {
    let mut constant: Vec<Answer> = vec![Answer::Allow];
    for range in ranges.iter().filter(|range| range.rule.is_constant()) {
        if !constant.contains(&range.rule.otherwise) {
            constant.push(range.rule.otherwise);
        }
    }
    let mut behind: Vec<_> = constant.iter().copied().map(answer).collect();
    let mut code = Vec::new();
    // From the last comparison to the first, so that the distance to what is behind is known.
    for Range { rule, last } in ranges.iter().rev() {
        let place = constant.iter().position(|answer| *answer == rule.otherwise);
        let mut comparison = if let (true, Some(place)) = (rule.is_constant(), place) {
            // A leaf has few comparisons, so that a conditional jump reaches beyond them.
            is_within(rule.call, *last, (code.len() + place) as u8)
        } else {
            let distance = code.len() + behind.len();
            behind.extend(answers(rule));
            vec![jump(BPF_JEQ | BPF_K, rule.call, 0, 1), skip(distance)]
        };
        comparison.append(&mut code);
        code = comparison;
    }
    code.extend(behind);
    code
}

/// Skips this many instructions if the number that was loaded is one of these.
fn is_within(first: u32, last: u32, skip: u8) -> Vec<sock_filter> {
    if first == last {
        return vec![jump(BPF_JEQ | BPF_K, first, skip, 0)];
    }
    vec![jump(BPF_JGT | BPF_K, last, 1, 0), jump(BPF_JGE | BPF_K, first, skip, 0)]
}

/// Answers a call by its arguments.
fn answers(rule: &Rule) -> Vec<sock_filter> {
    let mut code = Vec::new();
    for (conditions, verdict) in &rule.cases {
        let mut case = vec![answer(*verdict)];
        for condition in conditions.iter().rev() {
            // A case has a few conditions of at most four instructions.
            let mut test = condition.test(case.len() as u8);
            test.append(&mut case);
            case = test;
        }
        code.extend(case);
    }
    code.push(answer(rule.otherwise));
    code
}

impl If {
    /// As the kernel finds out with the instructions of the test.
    fn holds(self, arguments: &[u64; 6]) -> bool {
        let argument = |index: u32| arguments[index as usize] as u32;
        match self {
            Self::Is(index, value) => argument(index) == value,
            Self::IsNot(index, value) => argument(index) != value,
            Self::Has(index, bits) => argument(index) & bits != 0,
            Self::BitsAre(index, bits, value) => argument(index) & bits == value,
            Self::DiffersFrom(index, other) => argument(index) != argument(other),
        }
    }

    /// Continues if the condition holds; otherwise skips this many instructions.
    fn test(self, skip: u8) -> Vec<sock_filter> {
        match self {
            Self::Is(index, value) => {
                vec![load(argument(index)), jump(BPF_JEQ | BPF_K, value, 0, skip)]
            }
            Self::IsNot(index, value) => {
                vec![load(argument(index)), jump(BPF_JEQ | BPF_K, value, skip, 0)]
            }
            Self::Has(index, bits) => {
                vec![load(argument(index)), jump(BPF_JSET | BPF_K, bits, 0, skip)]
            }
            Self::BitsAre(index, bits, value) => vec![
                load(argument(index)),
                instruction(BPF_ALU | BPF_AND | BPF_K, bits, 0, 0),
                jump(BPF_JEQ | BPF_K, value, 0, skip),
            ],
            Self::DiffersFrom(index, other) => vec![
                load(argument(other)),
                instruction(BPF_MISC | BPF_TAX, 0, 0, 0),
                load(argument(index)),
                jump(BPF_JEQ | BPF_X, 0, skip, 0),
            ],
        }
    }
}

/// Where the lower half of an argument is, on a machine whose lower half comes first.
fn argument(index: u32) -> usize {
    std::mem::offset_of!(seccomp_data, args) + 8 * index as usize
}

fn skip(instructions: usize) -> sock_filter {
    instruction(BPF_JMP | BPF_JA, instructions as u32, 0, 0)
}

fn load(offset: usize) -> sock_filter {
    instruction(BPF_LD | BPF_W | BPF_ABS, offset as u32, 0, 0)
}

fn jump(comparison: u32, with: u32, if_true: u8, if_false: u8) -> sock_filter {
    instruction(BPF_JMP | comparison, with, if_true, if_false)
}

fn answer(answer: Answer) -> sock_filter {
    let value = match answer {
        Answer::Allow => libc::SECCOMP_RET_ALLOW,
        Answer::Error(errno) => libc::SECCOMP_RET_ERRNO | errno.cast_unsigned(),
        Answer::Notify => libc::SECCOMP_RET_USER_NOTIF,
    };
    instruction(BPF_RET | BPF_K, value, 0, 0)
}

fn instruction(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    // Every code has 16 bits.
    sock_filter { code: code as u16, jt, jf, k }
}
