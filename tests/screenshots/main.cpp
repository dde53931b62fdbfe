// SPDX-License-Identifier: GPL-3.0-or-later
// Opens the bundled sample (or another model) in the real window, does the whole job, and takes a picture of every tab: light and dark, wide
// and 1024 x 700; with --scale 2 at twice the resolution, with --simulate as people see it who see colours otherwise. For people to look at,
// and for the README.
#include "ColourVision.h"
#include "theme/Theme.h"
#include "window/Launch.h"
#include "window/MainWindow.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QElapsedTimer>
#include <QMetaEnum>
#include <QTemporaryDir>
#include <QTextStream>

#include <cstring>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// Lets the window work until no job is left and everything is drawn.
void settle(const JobRunner &runner)
{
    QElapsedTimer quiet;
    quiet.start();
    while (runner.current() || quiet.elapsed() < 400) {
        QApplication::processEvents(QEventLoop::AllEvents, 20);
        if (runner.current())
            quiet.restart();
    }
}

/// Six key screens through other eyes, and without colours.
void takeSimulations(MainWindow &window, const QDir &folder, const QString &suffix)
{
    using Tab = MainWindow::Tab;
    const QMetaEnum tabs = QMetaEnum::fromType<Tab>();
    for (const Tab tab : {Tab::Model, Tab::Importance, Tab::Attention, Tab::Balance, Tab::Evaluation, Tab::Export}) {
        window.show(tab);
        settle(window.workbench().runner);
        const QImage picture = window.grab().toImage();
        for (const auto &[name, vision] : {std::pair("protanopia", Vision::Protanopia), std::pair("deuteranopia", Vision::Deuteranopia),
                                           std::pair("tritanopia", Vision::Tritanopia), std::pair("grey", Vision::Greyscale)}) {
            const QString file =
                QStringLiteral("%1%2-%3.png").arg(QString::fromLatin1(tabs.valueToKey(int(tab))).toLower(), suffix, QLatin1String(name));
            seen(picture, vision).save(folder.filePath(file));
        }
    }
}

void takePictures(MainWindow &window, const QDir &folder, const QString &suffix)
{
    const QMetaEnum tabs = QMetaEnum::fromType<MainWindow::Tab>();
    for (int i = 0; i < tabs.keyCount(); ++i) {
        window.show(MainWindow::Tab(tabs.value(i)));
        settle(window.workbench().runner);
        const QString name = QString::fromLatin1(tabs.key(i)).toLower();
        window.grab().save(folder.filePath(name + suffix + QStringLiteral(".png")));
    }
}

} // namespace

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; ++i) // before the application exists
        if (std::strcmp(argv[i], "--scale") == 0)
            qputenv("QT_SCALE_FACTOR", argv[i + 1]);
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("secateur"));
    QApplication::setApplicationVersion(QStringLiteral(SECATEUR_VERSION));
    QCommandLineParser parser;
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("folder"), QStringLiteral("Where the pictures go."));
    const QCommandLineOption scale(QStringLiteral("scale"), QStringLiteral("Device pixels per pixel."), QStringLiteral("n"),
                                   QStringLiteral("1"));
    const QCommandLineOption model(QStringLiteral("model"), QStringLiteral("Another model than the sample."), QStringLiteral("folder"));
    const QCommandLineOption windows(QStringLiteral("windows"), QStringLiteral("Calibration windows."), QStringLiteral("n"),
                                     QStringLiteral("8"));
    const QCommandLineOption simulate(QStringLiteral("simulate"),
                                      QStringLiteral("Also six screens with three colour vision deficiencies, and without colours."));
    const QCommandLineOption contrast(QStringLiteral("high-contrast"), QStringLiteral("With high contrast."));
    parser.addOptions({scale, model, windows, simulate, contrast});
    parser.process(application);
    if (parser.positionalArguments().isEmpty())
        parser.showHelp(2);
    const QDir folder(parser.positionalArguments().constFirst());
    if (!folder.mkpath(QStringLiteral("."))) {
        QTextStream(stderr) << "The folder '" << folder.path() << "' cannot be made.\n";
        return 1;
    }

    const QTemporaryDir state;
    Launch launch = usualLaunch();
    launch.stateFolder = state.path().toStdString();
    Theme theme;
    theme.setMode(Theme::Mode::Light);
    MainWindow window(launch, theme);
    theme.setMode(Theme::Mode::Light);
    theme.setHighContrast(parser.isSet(contrast));
    const Workbench &bench = window.workbench();
    window.resize(1440, 900);
    window.show();
    settle(bench.runner);
    window.grab().save(folder.filePath(QStringLiteral("start.png")));

    const Sample sample{launch.sample};
    if (parser.isSet(model))
        window.open(parser.value(model));
    else
        window.openSample();
    settle(bench.runner);
    TextSettings calibration{.files = {sample.calibrationText().toStdString()},
                             .windows = parser.value(windows).toLongLong(),
                             .length = std::min<std::int64_t>(512, bench.session.spec().contextLength),
                             .seed = 0};
    TextSettings evaluation = calibration;
    evaluation.files = {sample.evaluationText().toStdString()};
    bench.session.setTexts(calibration, evaluation, ScoreNorm::L2);
    bench.jobs.measureImpact(); // first: the view of attentions shows what was computed last
    settle(bench.runner);
    bench.jobs.calibrate();
    settle(bench.runner);
    for (const double sparsity : {0.25, 0.5, 0.375}) {
        bench.editor.setSparsity(sparsity);
        bench.jobs.evaluate();
        settle(bench.runner);
        bench.editor.pin({});
    }
    bench.selection.setSelectedLayer(bench.session.removalOrder().empty() ? 0 : bench.session.removalOrder().front());
    bench.jobs.exportPlan({.format = "hf-dropin",
                           .output = (state.path() + QStringLiteral("/pruned")).toStdString(),
                           .isOverwriteAllowed = false,
                           .dtype = {},
                           .command = {}});
    settle(bench.runner);

    for (const bool isDark : {false, true}) {
        theme.setMode(isDark ? Theme::Mode::Dark : Theme::Mode::Light);
        const QString suffix = isDark ? QStringLiteral("-dark") : QStringLiteral("-light");
        window.resize(1440, 900);
        takePictures(window, folder, suffix);
        if (parser.isSet(simulate))
            takeSimulations(window, folder, suffix);
        window.resize(1024, 700);
        takePictures(window, folder, suffix + QStringLiteral("-small"));
    }
    return 0;
}
