"""What would be if something were otherwise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from emoviz.analysis.clip.counterfactual import Delay, Mask, Mute, Swap, changed, fingerprint
from emoviz.errors import UnknownNameError
from tests.analysis.clip.made import HAPPY, SAD, clip


def test_nothing_changed_is_the_same_clip():
    whole = clip(face=HAPPY, voice=SAD)
    assert fingerprint(changed(whole, [])) == fingerprint(whole)


def test_a_muted_modality_is_missing_and_the_others_stay():
    whole = clip(face=HAPPY, voice=SAD)
    muted = changed(whole, [Mute("voice")])
    assert muted.readings["voice"].status == "missing" and muted.readings["voice"].windows is None
    assert muted.readings["face"] is whole.readings["face"]
    assert whole.readings["voice"].status == "read"
    assert fingerprint(muted) != fingerprint(whole)
    assert muted.notes == ("The voice left out.",)


def test_a_mask_takes_every_window_that_reaches_into_it():
    masked = changed(clip(face=HAPPY, text=SAD), [Mask("text", 1.5, 3.0)]).readings["text"]
    assert_allclose(masked.windows.start, [0, 3, 4, 5])
    assert [cue.start for cue in masked.cues] == [0, 3, 4, 5]
    assert changed(clip(text=SAD), [Mask("text", 0, 99)]).readings["text"].status == "missing"


def test_a_delay_moves_windows_traces_and_words_and_cuts_what_leaves():
    whole = clip(face=HAPPY, text=SAD)
    later = changed(whole, [Delay("text", 2.0)]).readings["text"]
    assert_allclose(later.windows.start, [2, 3, 4, 5])
    assert [cue.start for cue in later.cues] == [2, 3, 4, 5]
    assert later.traces[0].time.min() == 2.5 and later.traces[0].time.max() < 6
    earlier = changed(whole, [Delay("text", -2.0)]).readings["text"]
    assert_allclose(earlier.windows.start, [0, 1, 2, 3])


def test_a_swap_takes_the_other_clips_modality_as_long_as_the_clip_lasts():
    swapped = changed(clip(face=HAPPY, voice=HAPPY), [Swap("voice", clip(voice=SAD * 2))])
    assert len(swapped.readings["voice"].windows) == 6
    assert_allclose(swapped.readings["voice"].distribution[5], 0.9, atol=1e-6)
    none = changed(clip(face=HAPPY, voice=HAPPY), [Swap("voice", clip(face=SAD))])
    assert none.readings["voice"].status == "missing"


def test_changes_follow_one_another():
    both = changed(clip(face=HAPPY, voice=SAD), [Delay("voice", 1.0), Mask("voice", 0.0, 3.0)])
    assert_allclose(both.readings["voice"].windows.start, [3, 4, 5])
    assert len(both.notes) == 2


def test_fingerprints_tell_readings_apart_but_no_names():
    one, two = clip(face=HAPPY), clip(face=HAPPY)
    assert fingerprint(one) == fingerprint(two)
    two.readings["face"].windows.native[0] = np.roll(two.readings["face"].windows.native[0], 1)
    assert fingerprint(one) != fingerprint(two)


def test_a_modality_that_the_clip_does_not_know_is_refused():
    with pytest.raises(UnknownNameError, match="gait"):
        changed(clip(face=HAPPY), [Mute("gait")])
