# SPDX-License-Identifier: Apache-2.0
"""The mutants of a C++ source: small faults, each at one place, that a test should notice.

Works on tokens, not on a syntax tree: what it makes need not compile (scripts/mutate.py throws that
away). Relies on clang-format's spacing to tell `a < b` from a template's argument and `a & b` from
a reference. Comments, literals, preprocessor lines, static_assert, alignas and attributes stay.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<directive>^[ \t]*\#[^\n]*(?:\\\n[^\n]*)*)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])')
  | (?P<number>\b(?:0[xX][0-9a-fA-F']+|0[bB][01']+|\d[\d']*)[uUlL]*\b)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<op><=>|<<=|>>=|->|\+\+|--|&&|\|\||==|!=|<=|>=|\+=|-=|\*=|/=|%=|&=|\|=|\^=|<<|>>|::|\[\[|\]\]
        |[-+*/%&|^~!=<>?:;,.(){}\[\]])
  | (?P<space>\s+)
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

# Operator -> what may stand there instead.
RELATIONAL = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
              "==": ("!=",), "!=": ("==",)}
ARITHMETIC = {"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("/",), "+=": ("-=",),
              "-=": ("+=",), "++": ("--",), "--": ("++",)}
BITWISE = {"&": ("|",), "|": ("&",), "^": ("&",), "<<": (">>",), ">>": ("<<",), "&=": ("|=",),
           "|=": ("&=",), "<<=": (">>=",), ">>=": ("<<=",)}
LOGICAL = {"&&": ("||",), "||": ("&&",)}
OPERATORS = (("relational", RELATIONAL), ("arithmetic", ARITHMETIC), ("bitwise", BITWISE),
             ("logical", LOGICAL))
ASSIGN = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "++", "--"))
KEYWORDS = frozenset("""alignas auto bool break case char class concept const consteval constexpr
    constinit continue decltype default delete do else enum explicit extern false for friend goto if
    inline int namespace noexcept operator private protected public requires return static
    static_assert struct switch template true typedef typename union using virtual void while
    """.split())
ENUM = re.compile(r"\benum\s+class\s+(?:\[\[.*?\]\]\s*)?(\w+)[^{;]*\{(.*?)\}", re.DOTALL)


@dataclass(frozen=True)
class Site:
    """One place and the texts that may stand there instead of what does."""

    path: str
    line: int
    column: int
    start: int
    end: int
    kind: str
    old: str
    choices: tuple


@dataclass(frozen=True)
class Token:
    """A token that is not white space, a comment or a directive."""

    kind: str
    text: str
    start: int
    end: int


def without_comments(text):
    """The text, comments blanked."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text,
                  flags=re.DOTALL)


def enumerators(texts):
    """Enumeration name -> its enumerators, for all sources given. Where two enumerations have the
    same name only what both have is kept."""
    found = {}
    for text in texts:
        for name, body in ENUM.findall(without_comments(text)):
            names = re.findall(r"(?:^|,)\s*(\w+)", body)
            found[name] = [one for one in found[name] if one in names] if name in found else names
    return {name: names for name, names in found.items() if len(names) > 1}


def tokens_of(text):
    """All tokens that matter."""
    out, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            at += 1
            continue
        if match.lastgroup not in ("comment", "space", "directive"):
            out.append(Token(match.lastgroup, match[0], match.start(), match.end()))
        at = match.end()
    return out


def closing(tokens, at):
    """The index of the bracket that closes the one at `at`; the last token when none does."""
    pairs = {"(": ")", "{": "}", "[": "]", "[[": "]]"}
    opening, end, depth = tokens[at].text, pairs[tokens[at].text], 0
    for index in range(at, len(tokens)):
        depth += (tokens[index].text == opening) - (tokens[index].text == end)
        if not depth:
            return index
    return len(tokens) - 1


def protected(tokens):
    """Indices of the tokens that no mutant touches."""
    out = set()
    for at, token in enumerate(tokens):
        if token.text in ("static_assert", "alignas", "HYP_ASSERT") and at + 1 < len(tokens):
            out.update(range(at, closing(tokens, at + 1) + 1))
        elif token.text == "[[":
            out.update(range(at, closing(tokens, at) + 1))
        elif token.text == "template":
            end = at + 1
            while end < len(tokens) and tokens[end].text not in ("{", ";", ")"):
                if tokens[end].text == ">" and tokens[end + 1].kind == "name":
                    break
                end += 1
            out.update(range(at, end + 1))
    return out


class Maker:
    """Finds the sites of one file."""

    def __init__(self, path, text, enums):
        self.path, self.text, self.enums = path, text, enums
        self.tokens = tokens_of(text)
        self.closed = protected(self.tokens)
        self.sites = []

    def add(self, start, end, kind, choices):
        """A site of the text from start to end."""
        self.sites.append(Site(self.path, self.text.count("\n", 0, start) + 1,
                               start - self.text.rfind("\n", 0, start), start, end, kind,
                               self.text[start:end], tuple(choices)))

    def token(self, at):
        """The text of a token, empty beyond the ends."""
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def run(self):
        """All sites, in the order of the text."""
        for at, token in enumerate(self.tokens):
            if at in self.closed:
                continue
            if token.kind == "number":
                self.number(token)
            elif token.kind == "op":
                self.operator(at, token)
            elif token.kind == "name":
                self.name(at, token)
            if self.starts_statement(at):
                self.statement(at)
        return sorted(self.sites, key=lambda site: (site.start, site.end, site.kind))

    def number(self, token):
        """Constants, one more and one less."""
        digits = token.text.rstrip("uUlL")
        suffix = token.text[len(digits):]
        plain = digits.replace("'", "").lower()
        base = 16 if plain.startswith("0x") else 2 if plain.startswith("0b") else 10
        value = int(plain, base)
        form = (lambda n: hex(n)) if base == 16 else str
        self.add(token.start, token.end, "constant",
                 [form(n) + suffix for n in (value + 1, value - 1) if n >= 0])

    def operator(self, at, token):
        """Operators for others, `~` for nothing."""
        if token.text == "~" and self.token(at - 1) != "::" and self.token(at + 2) != "()":
            self.add(token.start, token.end, "complement", [""])
            return
        spaced = self.text[token.start - 1:token.start].isspace() and \
            self.text[token.end:token.end + 1].isspace()
        for kind, table in OPERATORS:
            if token.text in table and (spaced or token.text in ("++", "--")):
                self.add(token.start, token.end, kind, table[token.text])

    def name(self, at, token):
        """Truth values, conditions, enumerators, what is returned."""
        if token.text in ("true", "false"):
            self.add(token.start, token.end, "truth",
                     ["false" if token.text == "true" else "true"])
        elif token.text in ("if", "while") and self.token(at + 1) == "(":
            self.condition(at + 1)
        elif token.text == "return":
            self.returned(at)
        elif token.text in self.enums and self.token(at + 1) == "::":
            names = self.enums[token.text]
            if self.token(at + 2) in names:
                old = self.tokens[at + 2]
                other = names[(names.index(old.text) + 1) % len(names)]
                self.add(old.start, old.end, "enumerator", [other])

    def condition(self, at):
        """The condition in the brackets at `at`, negated."""
        end = closing(self.tokens, at)
        start = self.tokens[at].end
        for index in range(at, end):
            if self.tokens[index].text == ";":
                start = self.tokens[index].end
        stop = self.tokens[end].start
        self.add(start, stop, "negated", [f"!({self.text[start:stop].strip()})"])

    def returned(self, at):
        """Nothing returned instead of something."""
        end = at + 1
        while end < len(self.tokens) and self.tokens[end].text != ";":
            end = closing(self.tokens, end) if self.tokens[end].text in "({[" else end
            end += 1
        start, stop = self.tokens[at].end, self.tokens[min(end, len(self.tokens) - 1)].start
        old = self.text[start:stop].strip()
        if old and old not in ("{}", "true", "false"):
            self.add(start, stop, "return", [" {}" + "\n" * self.text[start:stop].count("\n")])

    def starts_statement(self, at):
        """Whether an expression's statement may begin here."""
        token = self.tokens[at]
        before = self.token(at - 1)
        if before == ":":  # a label's, not that of a conditional expression
            before = ";" if {"case", "default"} & {self.token(at - n) for n in range(2, 7)} else ""
        if before not in (";", "{", "}", ")", "else"):
            return False
        if token.text in ("break", "continue"):
            return True
        return (token.kind == "name" and token.text not in KEYWORDS) or \
            token.text in ("++", "--", "*", "this")

    def statement(self, at):
        """The expression statement that begins here, if it is one, removed."""
        end, index = at, at
        if self.tokens[at].text not in ("break", "continue"):
            if self.tokens[index].text in ("++", "--", "*"):
                index += 1
            while self.token(index + 1) in ("::", ".", "->", "["):
                index = closing(self.tokens, index + 1) if self.token(index + 1) == "[" else \
                    index + 2
            if self.tokens[at].text not in ("++", "--") and \
                    self.token(index + 1) not in ASSIGN and self.token(index + 1) != "(":
                return
        while end < len(self.tokens) and self.tokens[end].text != ";":
            if self.tokens[end].text in ("}", ")"):
                return
            end = closing(self.tokens, end) if self.tokens[end].text in ("(", "{", "[") else end
            end += 1
        if end < len(self.tokens):
            start, stop = self.tokens[at].start, self.tokens[end].start
            self.add(start, stop, "statement", ["\n" * self.text[start:stop].count("\n")])


def sites_of(path, text, enums):
    """All sites of one source."""
    return Maker(path, text, enums).run()


def mutated(text, site, new):
    """The text with the site's fault."""
    return text[:site.start] + new + text[site.end:]
