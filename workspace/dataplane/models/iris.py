"""An iris classifier, one of the models of a new workspace: multinomial logistic regression with fixed coefficients.

Trained on all 150 rows of Fisher's iris data with scikit-learn's `LogisticRegression`. The versions differ in their
regularization (C = 0.01, 1 and 100) and classify 87 %, 97 % and 98 % of those rows correctly. Coefficients are rounded
to four decimals. The file needs no package, and is an example of a model for `--model`.
"""

from typing import Any

INPUTS = {"sepal_length": "double", "sepal_width": "double", "petal_length": "double", "petal_width": "double"}
"""The model's signature, in centimetres; the workspace rejects rows that don't match it."""

SPECIES = ("setosa", "versicolor", "virginica")
WEIGHTS: dict[str, tuple[tuple[float, ...], ...]] = {
    # for each species: the intercept, then a weight for each input
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
    """The species of each row. A version without weights uses those of version 3."""
    weights = WEIGHTS.get(version, WEIGHTS["3"])
    return [_species(row, weights) for row in rows]


def _species(row: dict[str, Any], weights: tuple[tuple[float, ...], ...]) -> str:
    flower = [1.0, *(row[name] for name in INPUTS)]
    scores = [sum(weight * value for weight, value in zip(each, flower, strict=True)) for each in weights]
    return SPECIES[scores.index(max(scores))]
