#!/usr/bin/python3
"""Times PyTorch's training steps on an experiment's network.

    pytorch.py EXPERIMENT.yaml BATCH SECONDS THREADS

Prints pictures a second, and the processor's seconds a thousand pictures. The
pictures are random; a step is forward, loss, backward and AdamW.
"""
import resource
import sys
import time
import warnings

import torch
import yaml
from torch import nn

warnings.simplefilter("ignore")  # the lazy layers' announcement that they are new

class Residual(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, filters, 3, stride, padding=1), nn.BatchNorm2d(filters), nn.ReLU(),
            nn.Conv2d(filters, filters, 3, padding=1), nn.BatchNorm2d(filters))
        self.shortcut = nn.Identity()
        if stride != 1 or channels != filters:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, filters, 1, stride), nn.BatchNorm2d(filters))

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def stage(s, channels, flat):
    """One stage's modules, and its number of output channels."""
    stride, layers = s.get("stride", 1), []
    if "conv" in s:
        layers.append(nn.Conv2d(channels, s["conv"], s["kernel"], stride, padding=s["kernel"] // 2))
        channels = s["conv"]
    elif "depthwise" in s:
        layers.append(nn.Conv2d(channels, channels, s["depthwise"], stride, padding=s["depthwise"] // 2, groups=channels))
    elif "residual" in s:
        layers.append(Residual(channels, s["residual"], stride))
        channels = s["residual"]
    elif "mean" in s:
        layers.append(Mean())
    else:
        layers += ([] if flat else [nn.Flatten()]) + [nn.LazyLinear(s["dense"])]
    if s.get("norm"):
        layers.append(nn.BatchNorm2d(channels))
    if "mean" not in s:
        layers.append(nn.ReLU())
    if s.get("pool"):
        layers.append(nn.MaxPool2d(2))
    if "dropout" in s:
        layers.append(nn.Dropout(s["dropout"]))
    return layers, channels


def network(stages, classes):
    layers, channels, flat = [], 3, False
    for s in stages:
        more, channels = stage(s, channels, flat)
        layers += more
        flat = flat or "dense" in s or "mean" in s
    return nn.Sequential(*layers, nn.LazyLinear(classes))


def processor():
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def main():
    experiment, batch, seconds = yaml.safe_load(open(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3])
    torch.set_num_threads(int(sys.argv[4]))
    size, classes = experiment["input"]["size"], 9
    x, labels = torch.rand(batch, 3, size, size), torch.arange(batch) % classes
    model = network(experiment["network"], classes)
    model(x)
    training = experiment["training"]
    optimizer = torch.optim.AdamW(model.parameters(), training["learning_rate"], weight_decay=training["weight_decay"])
    loss = nn.CrossEntropyLoss(label_smoothing=training["label_smoothing"])

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(model(x), labels).backward()
        optimizer.step()

    for _ in range(5):
        step()
    steps, began, used = 0, time.perf_counter(), processor()
    while time.perf_counter() - began < seconds:
        step()
        steps += 1
    pictures = steps * batch
    print(pictures / (time.perf_counter() - began), (processor() - used) / pictures * 1000)


main()
