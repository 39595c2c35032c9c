#!/usr/bin/python3
"""Measures features chosen by hand with a linear classifier, beside which the
trained networks stand.

    handmade.py DATA FOLDS

DATA is a folder split into train/ and test/. FOLDS is that of a `canting-trainer
crossval`, whose division of the pictures is taken over: every classifier is
trained without the fold that it answers. Prints JSON: accuracy and macro_recall
over the folds with their 95 % intervals, and how many of the test pictures are right.
"""
import json
import pathlib
import sys

import numpy
from PIL import Image, ImageOps
from scipy.stats import t
from skimage import color, feature, transform
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Chosen inside the training part, as are the cells of 64 pixels, the radii and C.
SIDE = 128  # pixels of the centred square


def describe(path):
    """Gradients (HOG), colours (HSV) and small texture (LBP) of the centred square."""
    picture = numpy.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = transform.resize(picture[top:top + side, left:left + side], (SIDE, SIDE), anti_aliasing=True)
    grey = color.rgb2gray(square)
    hsv = color.rgb2hsv(square)
    return numpy.concatenate([
        feature.hog(grey, orientations=9, pixels_per_cell=(64, 64), cells_per_block=(2, 2)),
        *(numpy.histogram(hsv[..., channel], 16, (0, 1), density=True)[0] for channel in range(3)),
        *(texture(grey, radius) for radius in (1, 2, 3)),
    ])


def texture(grey, radius):
    around = 8 * radius
    patterns = feature.local_binary_pattern((255 * grey).astype("uint8"), around, radius, "uniform")
    return numpy.histogram(patterns, around + 2, (0, around + 2), density=True)[0]


def answers(described, train, held):
    """What a linear classifier of the files in train makes of those in held."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000))
    classifier.fit([described[file] for file in train], [motif(file) for file in train])
    return classifier.predict([described[file] for file in held])


def motif(file):
    return pathlib.PurePath(file).parts[1]


def over_folds(values, k):
    """The mean and its interval as canting-trainer crossval's: Nadeau and Bengio 2003."""
    n, mean = len(values), numpy.mean(values)
    spread = t.ppf(0.975, n - 1) * numpy.sqrt(numpy.var(values, ddof=1) * (1 / n + 1 / (k - 1)))
    return {"mean": mean, "low": max(0, mean - spread), "high": min(1, mean + spread)}


def main(data, folds):
    held = [[answer["file"] for answer in json.loads(path.read_text())["held"]]
            for path in sorted(folds.glob("seed-*/fold-*/fold.json"))]
    files = sorted({file for fold in held for file in fold})
    described = {file: describe(data / file) for file in files}
    accuracy, recall = [], []
    for fold in held:
        truth = numpy.array([motif(file) for file in fold])
        found = answers(described, [file for file in files if file not in fold], fold)
        accuracy.append(numpy.mean(found == truth))
        recall.append(recall_score(truth, found, average="macro"))
    k = len(list(folds.glob("seed-1/fold-*")))
    test = [file for file in files if file.startswith("test/")]
    found = answers(described, [file for file in files if file.startswith("train/")], test)
    json.dump({
        "accuracy": over_folds(accuracy, k),
        "macro_recall": over_folds(recall, k),
        "right": sum(int(f == motif(file)) for f, file in zip(found, test)),
        "tested": len(test),
    }, sys.stdout, default=float)


if len(sys.argv) != 3:
    sys.exit("handmade: say DATA, a folder split into train/ and test/, and the FOLDS of a crossval")
main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
