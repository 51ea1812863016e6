/// The plugin `acme.Report`, version 1.2.0: its typed clients and its types.
#[allow(
    clippy::all,
    clippy::pedantic,
    dead_code,
    rustdoc::all,
    unreachable_pub,
    reason = "it is what the plugin's descriptor says"
)]
pub mod report {
    /// What a report looks like.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Debug,
        PartialEq
    )]
    #[serde(crate = "::goplug::__private::serde")]
    pub struct Options {
        /// The field `any`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub any: ::std::option::Option<::goplug::__private::serde_json::Value>,
        /// The field `more`.
        #[serde(
            default,
            skip_serializing_if = "::goplug::__private::serde_json::Map::is_empty"
        )]
        pub more: ::goplug::__private::serde_json::Map<
            ::std::string::String,
            ::goplug::__private::serde_json::Value,
        >,
        /// The field `names`.
        #[serde(
            default,
            skip_serializing_if = ":: std :: collections :: HashMap::is_empty"
        )]
        pub names: ::std::collections::HashMap<
            ::std::string::String,
            ::std::string::String,
        >,
        /// The field `pages`.
        #[serde(default = "defaults::default_u64::<u32, 10>")]
        pub pages: u32,
        /// The field `position`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub position: ::std::option::Option<(f64, ::std::string::String)>,
        /// Nothing older.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub since: ::std::option::Option<::std::string::String>,
        /// The field `tags`.
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        pub tags: ::std::vec::Vec<Tag>,
    }
    impl ::std::default::Default for Options {
        fn default() -> Self {
            Self {
                any: Default::default(),
                more: Default::default(),
                names: Default::default(),
                pages: defaults::default_u64::<u32, 10>(),
                position: Default::default(),
                since: Default::default(),
                tags: Default::default(),
            }
        }
    }
    /// The plugin's `Page`.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Debug,
        PartialEq
    )]
    #[serde(crate = "::goplug::__private::serde")]
    pub struct Page {
        /// The field `author`.
        pub author: PageAuthor2,
        /// What is drawn on it.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub made: ::std::option::Option<Shape>,
        /// The field `next`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::boxed::Box<Page>>,
        /// In Markdown.
        pub text: ::std::string::String,
    }
    /// The plugin's `PageAuthor2`.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Debug,
        PartialEq
    )]
    #[serde(crate = "::goplug::__private::serde")]
    pub struct PageAuthor2 {
        /// The field `name`.
        pub name: ::std::string::String,
    }
    /// The plugin's `plugin numbers`.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Debug,
        PartialEq
    )]
    #[serde(crate = "::goplug::__private::serde")]
    #[serde(transparent)]
    pub struct PluginNumbers(pub ::std::vec::Vec<u8>);
    impl ::std::ops::Deref for PluginNumbers {
        type Target = ::std::vec::Vec<u8>;
        fn deref(&self) -> &::std::vec::Vec<u8> {
            &self.0
        }
    }
    impl ::std::convert::From<PluginNumbers> for ::std::vec::Vec<u8> {
        fn from(value: PluginNumbers) -> Self {
            value.0
        }
    }
    impl ::std::convert::From<::std::vec::Vec<u8>> for PluginNumbers {
        fn from(value: ::std::vec::Vec<u8>) -> Self {
            Self(value)
        }
    }
    /// The plugin's `Point`.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Debug,
        PartialEq
    )]
    #[serde(crate = "::goplug::__private::serde")]
    #[serde(transparent)]
    pub struct Point(pub (i32, i32));
    impl ::std::ops::Deref for Point {
        type Target = (i32, i32);
        fn deref(&self) -> &(i32, i32) {
            &self.0
        }
    }
    impl ::std::convert::From<Point> for (i32, i32) {
        fn from(value: Point) -> Self {
            value.0
        }
    }
    impl ::std::convert::From<(i32, i32)> for Point {
        fn from(value: (i32, i32)) -> Self {
            Self(value)
        }
    }
    /// The plugin's `ReportError`.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Debug,
        PartialEq
    )]
    #[serde(crate = "::goplug::__private::serde")]
    pub enum ReportError {
        /// The variant `NoTitle`.
        NoTitle,
        /// The variant `TooLong`.
        TooLong {
            /// The field `most`.
            most: u64,
        },
    }
    /// The plugin's `Shape`.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Debug,
        PartialEq
    )]
    #[serde(crate = "::goplug::__private::serde")]
    #[serde(tag = "kind")]
    pub enum Shape {
        /// Round.
        #[serde(rename = "circle")]
        Circle {
            /// The field `radius`.
            radius: f64,
        },
        /// The variant `path`.
        #[serde(rename = "path")]
        Path {
            /// The field `points`.
            points: ::std::vec::Vec<Point>,
        },
    }
    /// The plugin's `tag`.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Copy,
        Debug,
        Eq,
        Hash,
        Ord,
        PartialEq,
        PartialOrd
    )]
    #[serde(crate = "::goplug::__private::serde")]
    pub enum Tag {
        /// The variant `draft`.
        #[serde(rename = "draft")]
        Draft,
        /// The variant `final`.
        #[serde(rename = "final")]
        Final,
        /// The variant `top secret`.
        #[serde(rename = "top secret")]
        TopSecret,
    }
    impl ::std::fmt::Display for Tag {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            match *self {
                Self::Draft => f.write_str("draft"),
                Self::Final => f.write_str("final"),
                Self::TopSecret => f.write_str("top secret"),
            }
        }
    }
    impl ::std::str::FromStr for Tag {
        type Err = self::error::ConversionError;
        fn from_str(
            value: &str,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            match value {
                "draft" => Ok(Self::Draft),
                "final" => Ok(Self::Final),
                "top secret" => Ok(Self::TopSecret),
                _ => Err("invalid value".into()),
            }
        }
    }
    impl ::std::convert::TryFrom<&str> for Tag {
        type Error = self::error::ConversionError;
        fn try_from(
            value: &str,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for Tag {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    /// The plugin's `upload output`.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Debug,
        PartialEq
    )]
    #[serde(crate = "::goplug::__private::serde")]
    pub struct UploadOutput {
        /// The field `hits`.
        pub hits: ::std::vec::Vec<UploadOutputHitsItem>,
    }
    /// The plugin's `UploadOutputHitsItem`.
    #[derive(
        ::goplug::__private::serde::Deserialize,
        ::goplug::__private::serde::Serialize,
        Clone,
        Debug,
        PartialEq
    )]
    #[serde(crate = "::goplug::__private::serde")]
    pub struct UploadOutputHitsItem {
        /// The field `score`.
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub score: ::std::option::Option<f32>,
        /// The field `url`.
        pub url: ::std::string::String,
    }
    /// Generation of default values for serde.
    pub mod defaults {
        pub(super) fn default_u64<T, const V: u64>() -> T
        where
            T: ::std::convert::TryFrom<u64>,
            <T as ::std::convert::TryFrom<u64>>::Error: ::std::fmt::Debug,
        {
            T::try_from(V).unwrap()
        }
    }
    /// Error types.
    pub mod error {
        /// Error from a `TryFrom` or `FromStr` implementation.
        pub struct ConversionError(::std::borrow::Cow<'static, str>);
        impl ::std::error::Error for ConversionError {}
        impl ::std::fmt::Display for ConversionError {
            fn fmt(
                &self,
                f: &mut ::std::fmt::Formatter<'_>,
            ) -> Result<(), ::std::fmt::Error> {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }
        impl ::std::fmt::Debug for ConversionError {
            fn fmt(
                &self,
                f: &mut ::std::fmt::Formatter<'_>,
            ) -> Result<(), ::std::fmt::Error> {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }
        impl From<&'static str> for ConversionError {
            fn from(value: &'static str) -> Self {
                Self(value.into())
            }
        }
        impl From<String> for ConversionError {
            fn from(value: String) -> Self {
                Self(value.into())
            }
        }
    }
    /// What the plugin said of itself when this was made. A client needs this of it.
    pub const DESCRIPTOR: &str = r##"{"name":"Report","namespace":"acme","version":"1.2.0","protocol":2,"features":[],"methods":[{"name":"make-report","params":[{"name":"title","type":"str","schema":{"minLength":1,"type":"string"}},{"name":"dryRun","type":"bool","schema":{"type":"boolean"}},{"name":"options","type":"Options | None","schema":{"anyOf":[{"$ref":"#/$defs/Options"},{"type":"null"}]}}],"returns":{"type":"Page","schema":{"$ref":"#/$defs/Page"}},"error":{"type":"ReportError","schema":{"$ref":"#/$defs/ReportError"}},"stream":false,"idempotent":true,"fingerprint":"0123456789abcdef"},{"name":"type","params":[{"name":"self","type":"i64"}],"returns":{"type":"Option<Vec<String>>"},"stream":false,"idempotent":false},{"name":"plugin","params":[{"name":"numbers","type":"list[int]","schema":{"items":{"format":"uint8","maximum":255,"minimum":0,"type":"integer"},"type":"array"}}],"returns":{"type":"Result<Bytes, String>"},"stream":false,"idempotent":false},{"name":"draw","params":[{"name":"shape","type":"Shape","schema":{"$ref":"#/$defs/Shape"}},{"name":"tags","type":"","schema":{"items":{"$ref":"#/$defs/tag"},"type":"array"}}],"returns":{"type":"Result<()>"},"stream":false,"idempotent":false},{"name":"upload","params":[{"name":"body","type":"Bytes"}],"returns":{"type":"SearchResult","schema":{"properties":{"hits":{"items":{"properties":{"score":{"format":"float","type":"number"},"url":{"format":"uri","type":"string"}},"required":["url"],"type":"object"},"type":"array"}},"required":["hits"],"type":"object"}},"stream":false,"idempotent":false}],"callbacks":[{"name":"progress","params":[{"name":"percent","type":"int","schema":{"format":"uint8","maximum":255,"minimum":0,"type":"integer"}}],"returns":{"type":"()"}},{"name":"ask","params":[{"name":"question","type":"str","schema":{"type":"string"}},{"name":"choices","type":"list[tag]","schema":{"items":{"$ref":"#/$defs/tag"},"type":"array"}}],"returns":{"type":"tag","schema":{"$ref":"#/$defs/tag"}}}],"$defs":{"Options":{"description":"What a report looks like.","properties":{"any":true,"more":{"additionalProperties":true,"type":"object"},"names":{"additionalProperties":false,"patternProperties":{"^\\d+$":{"type":"string"}},"type":"object"},"pages":{"default":10,"format":"uint32","minimum":0,"type":"integer"},"position":{"maxItems":2,"minItems":2,"prefixItems":[{"format":"double","type":"number"},{"type":"string"}],"type":"array"},"since":{"description":"Nothing older.","format":"date-time","type":["string","null"]},"tags":{"default":[],"items":{"$ref":"#/$defs/tag"},"type":"array"}},"type":"object"},"Page":{"properties":{"author":{"properties":{"name":{"type":"string"}},"required":["name"],"type":"object"},"made":{"$ref":"#/$defs/Shape","description":"What is drawn on it."},"next":{"anyOf":[{"$ref":"#/$defs/Page"},{"type":"null"}]},"text":{"description":"In Markdown.","type":"string"}},"required":["text","author"],"title":"A page","type":"object"},"Page author":{"properties":{"other":{"type":"boolean"}},"required":["other"],"type":"object"},"Point":{"maxItems":2,"minItems":2,"prefixItems":[{"format":"int32","type":"integer"},{"format":"int32","type":"integer"}],"type":"array"},"ReportError":{"oneOf":[{"const":"NoTitle","type":"string"},{"additionalProperties":false,"properties":{"TooLong":{"properties":{"most":{"format":"uint64","minimum":0,"type":"integer"}},"required":["most"],"type":"object"}},"required":["TooLong"],"type":"object"}]},"Shape":{"oneOf":[{"description":"Round.","properties":{"kind":{"const":"circle","type":"string"},"radius":{"format":"double","type":"number"}},"required":["kind","radius"],"type":"object"},{"properties":{"kind":{"const":"path","type":"string"},"points":{"items":{"$ref":"#/$defs/Point"},"type":"array"}},"required":["kind","points"],"type":"object"}]},"tag":{"enum":["draft","final","top secret"],"type":"string"}}}"##;
    /// The methods and callbacks of the plugin `acme.Report`, version 1.2.0.
    #[::goplug::plugin(descriptor = DESCRIPTOR)]
    pub trait Report {
        /// Makes a report.
        ///
        ///    report('Tea')
        ///
        /// See [the manual].
        #[::goplug::method(name = "make-report", returns = "Page", idempotent)]
        async fn make_report(
            &self,
            #[goplug(spelling = "str")]
            title: &str,
            #[goplug(name = "dryRun", spelling = "bool")]
            dry_run: bool,
            #[goplug(spelling = "Options | None")]
            options: ::std::option::Option<Options>,
        ) -> ::std::result::Result<Page, ReportError>;
        /// The plugin's method `type`.
        #[::goplug::method(name = "type", returns = "Option<Vec<String>>")]
        async fn type_(
            &self,
            #[goplug(name = "self", spelling = "i64")]
            self_: i64,
        ) -> ::std::option::Option<::std::vec::Vec<::std::string::String>>;
        /// The plugin's method `plugin`.
        #[::goplug::method(name = "plugin", returns = "Result<Bytes, String>")]
        async fn plugin_(
            &self,
            #[goplug(spelling = "list[int]")]
            numbers: &PluginNumbers,
        ) -> ::std::result::Result<::goplug::Bytes, ::std::string::String>;
        /// The plugin's method `draw`.
        #[::goplug::method(name = "draw", returns = "Result<()>")]
        async fn draw(
            &self,
            #[goplug(spelling = "Shape")]
            shape: &Shape,
            #[goplug(spelling = "")]
            tags: &[Tag],
        ) -> ::goplug::Result<()>;
        /// The plugin's method `upload`.
        #[::goplug::method(name = "upload", returns = "SearchResult")]
        async fn upload(
            &self,
            #[goplug(spelling = "Bytes")]
            body: ::goplug::Bytes,
        ) -> UploadOutput;
        /// How far it has come.
        #[::goplug::callback(name = "progress", returns = "()")]
        async fn progress(
            &self,
            #[goplug(spelling = "int")]
            percent: u8,
        ) -> ::goplug::Result<()>;
        /// The plugin's callback `ask`.
        #[::goplug::callback(name = "ask", returns = "tag")]
        async fn ask(
            &self,
            #[goplug(spelling = "str")]
            question: ::std::string::String,
            #[goplug(spelling = "list[tag]")]
            choices: ::std::vec::Vec<Tag>,
        ) -> ::goplug::Result<Tag>;
    }
    impl<C: ::goplug::Caller> ::goplug::NamedClient for ReportClient<C> {
        const NAME: &'static str = "Report";
        const NAMESPACE: &'static str = "acme";
    }
    impl<C: ::goplug::BlockingCaller> ::goplug::NamedClient for ReportBlockingClient<C> {
        const NAME: &'static str = "Report";
        const NAMESPACE: &'static str = "acme";
    }
}
