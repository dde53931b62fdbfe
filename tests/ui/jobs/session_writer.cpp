// SPDX-License-Identifier: GPL-3.0-or-later
// A program to be killed: `session_writer search ROOT` calibrates and searches the sample, `session_writer save ROOT FILE` saves a session
// again and again. Prints a line for all that must not be lost.
#include "SampleBench.h"
#include "jobs/SessionKeeper.h"

#include <QCoreApplication>

#include <cmath>
#include <csignal>
#include <cstdio>

using namespace secateur;
using namespace secateur::ui;

namespace {

void print(const QByteArray &line)
{
    std::puts(line.constData());
    std::fflush(stdout);
}

/// Prints "loss STEP LAYER VALUE" for each loss of the search as it is known, and "in the middle" when the second step is under way.
void printSearch(SampleBench &bench)
{
    static constexpr int kLayers = 12;
    QObject::connect(&bench.model, &SessionModel::searchChanged, &bench.model, [&bench, printed = std::vector<bool>()]() mutable {
        const SearchRecord *record = bench.model.search();
        for (std::size_t step = 0; record && step < record->steps.size(); ++step)
            for (std::size_t layer = 0; layer < kLayers; ++layer) {
                const std::size_t cell = step * kLayers + layer;
                printed.resize(std::max(printed.size(), cell + 1));
                const double loss = record->steps[step].losses[layer];
                if (std::isnan(loss) || printed[cell])
                    continue;
                printed[cell] = true;
                print("loss " + QByteArray::number(qulonglong(step)) + " " + QByteArray::number(qulonglong(layer)) + " " +
                      QByteArray::number(loss, 'g', 17));
                if (step == 1 && layer >= 2) {
                    print("in the middle");
                    std::raise(SIGSTOP); // here, with all threads: whoever reads this kills the process
                }
            }
    });
}

int search(SampleBench &bench)
{
    printSearch(bench);
    if (!bench.open() || !bench.calibrate())
        return 1;
    makeLongSearch(bench.editor);
    return bench.search() ? 0 : 1;
}

int save(SampleBench &bench, SessionKeeper &keeper, const QString &file)
{
    bench.model.begin(sampleSummary());
    for (unsigned seed = 0; seed < 100; ++seed) { // a file that takes a while
        const auto scores = madeUpScores(bench.model.spec(), seed);
        bench.editor.useCalibration(bench.model.addCalibration(scores, std::make_shared<const RankedScores>(*scores)));
    }
    for (int kept = 1; kept < 300; ++kept) {
        bench.editor.setNeuronsKept(kept);
        keeper.save(file);
        print("saving " + QByteArray::number(kept));
        if (!QTest::qWaitFor([&] { return keeper.isSaved(); }, 20'000))
            return 1;
        print("saved " + QByteArray::number(kept));
    }
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    SampleBench bench;
    SessionKeeper keeper(bench.model, bench.jobs, bench.messages, arguments.at(2).toStdString());
    return arguments.at(1) == QLatin1String("search") ? search(bench) : save(bench, keeper, arguments.at(3));
}
