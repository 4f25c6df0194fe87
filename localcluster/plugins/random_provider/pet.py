"""Stand-in for pulumi-resource-random: RandomPet, readable names of `length` words."""

from __future__ import annotations

import secrets

from ..wire.values import Object
from .kind import KEEPERS, Argument, Generated, Kind

_ADVERBS = "boldly calmly deeply duly fairly firmly gently gladly kindly lightly openly quietly rarely safely smoothly"
_ADJECTIVES = (
    "amber brave bright brisk calm clever cosmic crisp curious eager early fancy fleet fresh gentle golden grand "
    "happy honest humble jolly keen kind light lively lucky mellow merry mighty modest neat noble patient polite "
    "proud quick quiet ready robust royal sharp shiny silver smart solid spry steady sunny swift tidy vivid warm wise"
)
_ANIMALS = (
    "badger bear beaver bison bobcat buffalo camel canary cat cheetah condor cougar crane deer dingo dolphin duck "
    "eagle falcon ferret finch fox gecko goat goose hare hawk heron horse ibis iguana jackal jaguar koala lark lemur "
    "leopard lion lizard llama lynx magpie marmot marten mole moose mule newt ocelot orca otter owl panda parrot "
    "pelican pigeon pony puffin puma rabbit raven robin salmon seal shark sheep sparrow stork swan tiger toad trout "
    "turtle viper walrus weasel whale wolf wombat wren zebra"
)


def _generate(arguments: Object) -> Generated:
    length = arguments["length"]
    words = [secrets.choice(_ADVERBS.split()) for _ in range(length - 2)]
    words += [secrets.choice(_ADJECTIVES.split())] if length > 1 else []
    words.append(secrets.choice(_ANIMALS.split()))
    prefix = [arguments["prefix"]] if arguments.get("prefix") else []
    return Generated(arguments["separator"].join([*prefix, *words]), {})


KIND = Kind(
    token="random:index/randomPet:RandomPet",
    arguments={
        "keepers": KEEPERS,
        "length": Argument((int,), 2, minimum=1),
        "prefix": Argument((str,)),
        "separator": Argument((str,), "-"),
    },
    computed=(),
    generate=_generate,
)
