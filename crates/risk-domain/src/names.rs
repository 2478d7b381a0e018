//! Coded enumerations: one spelling for parsing, for journals and for traces.

/// Gives an enum `parse`, `as_str`, `ALL`, `Display` and serde by one table of codes.
macro_rules! coded {
    ($name:ident, $expected:literal, $($variant:ident = $text:literal),+ $(,)?) => {
        impl $name {
            /// Every value, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Parses the exact code.
            pub fn parse(text: &str) -> Result<Self, values::Malformed> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(values::Malformed { expected: $expected }),
                }
            }

            /// The code.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use coded;
