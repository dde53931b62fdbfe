// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/TourStations.h"

#include <QCoreApplication>

namespace secateur::ui {
namespace {

using Tab = MainWindow::Tab;

constexpr TourStation kStations[] = {
    {.id = "open",
     .tab = Tab::Model,
     .control = "openSample",
     .title = QT_TRANSLATE_NOOP("tour", "Open the sample"),
     .text = QT_TRANSLATE_NOOP(
         "tour", "A small language model comes with the program, and two texts. Open it with this button. Models of your own open with "
                 "the button beside it, or when you drop their folder here."),
     .unavailable = QT_TRANSLATE_NOOP("tour", "The bundled sample is not installed: open a model of your own."),
     .isDone = [](const SessionModel &session) { return session.hasModel(); }},
    {.id = "calibrate",
     .tab = Tab::Calibration,
     .control = "calibrate",
     .title = QT_TRANSLATE_NOOP("tour", "Calibrate"),
     .text = QT_TRANSLATE_NOOP(
         "tour", "The model reads the calibration text, and every neuron gets a score: how strongly it answers. Press this button; on "
                 "the sample it takes a few seconds."),
     .unavailable = QT_TRANSLATE_NOOP("tour", "Open a model first: go back to the page Model."),
     .isDone = [](const SessionModel &session) { return session.hasNeurons(); }},
    {.id = "kept",
     .tab = Tab::Importance,
     .control = "sortedScores",
     .title = QT_TRANSLATE_NOOP("tour", "Move K"),
     .text = QT_TRANSLATE_NOOP(
         "tour", "The line is K: how many neurons every layer keeps. Neurons to its right go. Drag it, or click on the plot and press the "
                 "arrow keys; the map and the budget follow at once. Home gives K back to the balance rule."),
     .unavailable = QT_TRANSLATE_NOOP("tour", "Calibrate first: without scores there is nothing to cut."),
     .isDone = [](const SessionModel &session) { return session.draft().balance.neuronsKept.has_value(); }},
    {.id = "search",
     .tab = Tab::Attention,
     .control = "searchHeader",
     .title = QT_TRANSLATE_NOOP("tour", "Search"),
     .text = QT_TRANSLATE_NOOP(
         "tour", "The second stage removes whole attentions. The search leaves out each of them in turn, measures the text without it, and "
                 "removes the one that is missed least, until N are gone. Press Search and watch the cells fill. Is there nothing to "
                 "search? Then N is 0: set it to 1 in the strip at the top."),
     .unavailable = QT_TRANSLATE_NOOP("tour", "Calibrate first: the search begins with the narrower model."),
     .isDone = [](const SessionModel &session) { return session.searchState() == SearchState::Complete; }},
    {.id = "export",
     .tab = Tab::Export,
     .control = "exportButton",
     .title = QT_TRANSLATE_NOOP("tour", "Export"),
     .text = QT_TRANSLATE_NOOP(
         "tour", "Writes the smaller model as a checkpoint that other programs load, reads it back and compares what both compute. "
                 "Choose the program you use above, and press this button."),
     .unavailable = QT_TRANSLATE_NOOP("tour", "Search first: a plan is written when it says what goes."),
     .isDone = [](const SessionModel &session) { return !session.session().exports.empty(); }},
};

} // namespace

QString TourStation::translatedTitle() const
{
    return QCoreApplication::translate("tour", title);
}

QString TourStation::translatedText() const
{
    return QCoreApplication::translate("tour", text);
}

QString TourStation::translatedUnavailable() const
{
    return QCoreApplication::translate("tour", unavailable);
}

std::span<const TourStation> tourStations()
{
    return kStations;
}

} // namespace secateur::ui
