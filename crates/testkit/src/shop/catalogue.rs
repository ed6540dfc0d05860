//! What the shop sells.

/// A product. Everything in it is written here, by hand: none of it comes from a visitor.
pub(super) struct Product {
    /// In its URL, `/products/blue-kettle`.
    pub(super) slug: &'static str,
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) price_cents: u32,
    /// Of its picture, as CSS writes it.
    pub(super) colour: &'static str,
}

pub(super) const PRODUCTS: [Product; 8] = [
    Product {
        slug: "blue-kettle",
        name: "Blue kettle",
        description: "Enamelled steel in the blue of a clear evening. Holds 1.7 litres and whistles when it is done.",
        price_cents: 3900,
        colour: "#2f6fb3",
    },
    Product {
        slug: "red-kettle",
        name: "Red kettle",
        description: "The same kettle for those who like it louder. Holds 1.7 litres.",
        price_cents: 3900,
        colour: "#b8402f",
    },
    Product {
        slug: "glass-kettle",
        name: "Glass kettle",
        description: "Watch the water come to the boil. Borosilicate glass with a beech handle.",
        price_cents: 4650,
        colour: "#7fb7b2",
    },
    Product {
        slug: "copper-teapot",
        name: "Copper teapot",
        description: "Hammered by hand, tinned inside, good for six cups.",
        price_cents: 7200,
        colour: "#b9733f",
    },
    Product {
        slug: "blue-mug",
        name: "Blue mug",
        description: "Stoneware with a reactive glaze: no two are alike.",
        price_cents: 1450,
        colour: "#456a9c",
    },
    Product {
        slug: "tea-tin",
        name: "Tea tin",
        description: "Keeps 200 grams of leaves dry and dark.",
        price_cents: 980,
        colour: "#5d7d4a",
    },
    Product {
        slug: "milk-frother",
        name: "Milk frother",
        description: "Hot or cold foam in under a minute.",
        price_cents: 3400,
        colour: "#6b6472",
    },
    Product {
        slug: "pour-over-set",
        name: "Pour-over set",
        description: "Dripper, carafe and forty paper filters.",
        price_cents: 2890,
        colour: "#8a5a3c",
    },
];

pub(super) fn find(slug: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.slug == slug)
}

/// The products that have at least one of the words in their name or description, best match first.
pub(super) fn search(query: &str) -> Vec<&'static Product> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let score = |product: &Product| {
        let text = format!("{} {}", product.name, product.description).to_lowercase();
        words.iter().filter(|word| text.contains(word.as_str())).count()
    };
    let mut found: Vec<_> = PRODUCTS.iter().map(|product| (score(product), product)).filter(|(n, _)| *n > 0).collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, product)| product).collect()
}
