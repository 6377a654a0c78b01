"""The iris classifier that a new workspace serves: multinomial logistic regression, with the coefficients it learned.

Trained on all 150 flowers of Fisher's iris data with scikit-learn's `LogisticRegression`; the versions differ in how
much they were regularized (C = 0.01, 1 and 100) and get 87 %, 97 % and 98 % of those flowers right. Coefficients are
rounded to four decimals. Nothing is imported: this file is also the example of a model to name with `--model`.
"""

from typing import Any

INPUTS = {"sepal_length": "double", "sepal_width": "double", "petal_length": "double", "petal_width": "double"}
"""The model's signature, in centimetres: the workspace refuses rows that don't fit it."""

SPECIES = ("setosa", "versicolor", "virginica")
WEIGHTS: dict[str, tuple[tuple[float, ...], ...]] = {
    # for each species: intercept, then a weight for each input
    "1": (
        (2.1922, -0.1368, 0.0961, -0.4348, -0.1783),
        (0.2183, -0.001, -0.1024, 0.0867, -0.0034),
        (-2.4105, 0.1378, 0.0063, 0.3481, 0.1817),
    ),
    "2": (
        (9.8417, -0.4202, 0.9669, -2.5189, -1.0846),
        (2.2245, 0.5319, -0.3153, -0.2041, -0.9428),
        (-12.0662, -0.1116, -0.6517, 2.723, 2.0274),
    ),
    "3": (
        (1.9159, 2.5094, 4.7284, -6.7357, -3.3876),
        (13.4607, -0.1124, -0.2382, -0.2006, -4.3279),
        (-15.3766, -2.397, -4.4902, 6.9364, 7.7155),
    ),
}


def predict(rows: list[dict[str, Any]], version: str) -> list[str]:
    """The species of each flower. A version that was never trained answers like the latest."""
    weights = WEIGHTS.get(version, WEIGHTS["3"])
    return [_species(row, weights) for row in rows]


def _species(row: dict[str, Any], weights: tuple[tuple[float, ...], ...]) -> str:
    flower = [1.0, *(row[name] for name in INPUTS)]
    scores = [sum(weight * value for weight, value in zip(each, flower, strict=True)) for each in weights]
    return SPECIES[scores.index(max(scores))]
